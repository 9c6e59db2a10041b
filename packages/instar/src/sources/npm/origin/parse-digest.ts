/** The 64 bytes of one `sha512-…` as Subresource Integrity writes it, with nothing beside it; undefined for everything else. Pure. */
export function parseSha512(integrity: string): Buffer | undefined {
  const digest = parseBase64(/^sha512-(.{88})$/.exec(integrity)?.[1] ?? "");
  return digest?.length === 64 ? digest : undefined;
}

/** Standard base64 with its padding, in its one canonical form; undefined for everything else. Node itself skips what it does not know. Pure. */
export function parseBase64(text: string): Buffer | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? bytes : undefined;
}
