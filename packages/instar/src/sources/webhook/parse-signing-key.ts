/**
 * The key that a secret stands for: `whsec_` and base64, as Standard Webhooks writes it, or the text's own bytes. undefined where it is neither
 * a key nor text: an empty key signs for everybody. Pure.
 */
export function parseSigningKey(secret: string): Buffer | undefined {
  if (!secret.startsWith(PREFIX)) return secret === "" ? undefined : Buffer.from(secret);
  const text = secret.slice(PREFIX.length);
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  const key = Buffer.from(text, "base64");
  return key.length === 0 ? undefined : key;
}

const PREFIX = "whsec_";
