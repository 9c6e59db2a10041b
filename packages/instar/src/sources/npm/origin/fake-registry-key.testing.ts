import { generateKeyPairSync, sign } from "node:crypto";
import type { RegistrySignature } from "./judge-registry-signature.ts";
import type { RegistryKey } from "./parse-registry-keys.ts";

export interface FakeRegistryKey {
  readonly key: RegistryKey;
  sign(what: string): RegistrySignature;
}

/** A registry's key, by default of the kind that npm's has. */
export function createFakeRegistryKey(changes: Partial<RegistryKey> = {}, namedCurve = "P-256"): FakeRegistryKey {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve });
  const key: RegistryKey = {
    keyid: "SHA256:registry",
    keytype: "ecdsa-sha2-nistp256",
    scheme: "ecdsa-sha2-nistp256",
    key: publicKey.export({ format: "der", type: "spki" }).toString("base64"),
    expires: null,
    ...changes,
  };
  return { key, sign: (what) => ({ keyid: key.keyid, sig: sign("sha256", Buffer.from(what), privateKey).toString("base64") }) };
}
