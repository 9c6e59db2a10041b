import { createPublicKey, type KeyObject } from "node:crypto";

export type PasskeyAlgorithm = "ES256" | "EdDSA" | "RS256";

/** From base64 of a SubjectPublicKeyInfo's DER; undefined where it is none of an algorithm that passkeys use here. */
export function openPublicKey(key: string): { readonly key: KeyObject; readonly algorithm: PasskeyAlgorithm } | undefined {
  const bytes = Buffer.from(key, "base64");
  // One key has one spelling: two lines of the same key are the same text.
  if (bytes.length === 0 || bytes.toString("base64") !== key) return undefined;
  try {
    const opened = createPublicKey({ key: bytes, format: "der", type: "spki" });
    const algorithm = algorithmOfKey(opened);
    return algorithm === undefined ? undefined : { key: opened, algorithm };
  } catch {
    return undefined;
  }
}

export const algorithmOf = (key: string): PasskeyAlgorithm | undefined => openPublicKey(key)?.algorithm;

function algorithmOfKey({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): PasskeyAlgorithm | undefined {
  if (asymmetricKeyType === "ec") return asymmetricKeyDetails?.namedCurve === "prime256v1" ? "ES256" : undefined;
  if (asymmetricKeyType === "ed25519") return "EdDSA";
  if (asymmetricKeyType === "rsa") return (asymmetricKeyDetails?.modulusLength ?? 0) >= 2_048 ? "RS256" : undefined;
  return undefined;
}
