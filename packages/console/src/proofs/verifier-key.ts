import { type Bytes, encodeText, HASH_BYTES, joinBytes, parseBase64, renderHex, sha256 } from "./bytes.ts";

/** What verifies the signatures of a log (C2SP signed-note): `name+id+base64`. */
export interface VerifierKey {
  readonly text: string;
  readonly name: string;
  /** Eight hex digits. They tell keys apart, and prove nothing. */
  readonly id: string;
  /** Of Ed25519, 32 bytes. */
  readonly publicKey: Bytes;
}

const ED25519_TYPE = 0x01;

/** Undefined of anything but an Ed25519 key whose id is its own. */
export async function parseVerifierKey(text: string): Promise<VerifierKey | undefined> {
  const [, name = "", id = "", encoded = ""] = /^([^+]{1,500})\+([0-9a-f]{8})\+([0-9A-Za-z+/=]{1,100})$/.exec(text) ?? [];
  const bytes = parseBase64(encoded);
  if (!isKeyName(name) || bytes?.[0] !== ED25519_TYPE || bytes.length !== 1 + HASH_BYTES) return undefined;
  const digest = await sha256(joinBytes(encodeText(`${name}\n`), bytes));
  return renderHex(digest.subarray(0, 4)) === id ? { text, name, id, publicKey: bytes.slice(1) } : undefined;
}

export const isKeyName = (name: string): boolean => name !== "" && name.isWellFormed() && !/[\p{White_Space}\p{Cc}+]/u.test(name);
