import { createPublicKey, hash, type KeyObject } from "node:crypto";
import { InstarError } from "@instar/protocol";
import { quoteText } from "../../platform/plain-text.ts";
import { parseBase64 } from "./parse-text.ts";

/** A key of notes. To sign with it takes the private half; to verify, either does. */
export interface NoteKey {
  /** Not empty, without spaces and plus signs; a URL without a scheme by custom. */
  readonly name: string;
  /** Ed25519. */
  readonly key: KeyObject;
}

/** Ed25519 over the note's text: the only type of signature here (C2SP signed-note). */
const ED25519_TYPE = 0x01;
const PUBLIC_KEY_BYTES = 32;
const LONGEST_VKEY = 1_024;

/** Four bytes of SHA-256 over the name and the public key. They tell keys apart, and prove nothing. @throws InstarError INPUT_INVALID where the key is not Ed25519 */
export function keyIdOf({ name, key }: NoteKey): number {
  return hash("sha256", Buffer.concat([Buffer.from(`${name}\n`), encodePublicKey(key)]), "buffer").readUInt32BE(0);
}

/** `<name>+<id in hex>+<base64>`: what a person is given to verify with. @throws InstarError INPUT_INVALID where the name cannot be one, or the key is not Ed25519 */
export function renderVerifierKey(key: NoteKey): string {
  assertKeyName(key.name);
  return `${renderKeyTitle(key)}+${encodePublicKey(key.key).toString("base64")}`;
}

/** `<name>+<id in hex>`: what a signature says of its key. */
export function renderKeyTitle(key: NoteKey): string {
  return `${key.name}+${renderId(keyIdOf(key))}`;
}

/** @throws InstarError INPUT_INVALID where it is no verifier key, is of another type than Ed25519, or its id is not that of its key */
export function parseVerifierKey(text: string): NoteKey {
  const refuse = (because: string) => new InstarError("INPUT_INVALID", `the verifier key ${quoteText(text, 120)} ${because}`);
  if (text.length > LONGEST_VKEY) throw refuse(`is longer than ${LONGEST_VKEY} letters`);
  const [, name = "", id = "", encoded = ""] = /^([^+]*)\+([0-9a-f]{8})\+(.*)$/s.exec(text) ?? [];
  if (!isKeyName(name)) throw refuse("is not of the form name+id+base64");
  const bytes = parseBase64(encoded);
  if (bytes?.[0] !== ED25519_TYPE || bytes.length !== 1 + PUBLIC_KEY_BYTES) throw refuse("does not hold an Ed25519 key");
  const key: NoteKey = { name, key: decodePublicKey(bytes.subarray(1)) };
  if (renderId(keyIdOf(key)) !== id) throw refuse("has another id than its key");
  return key;
}

export function isKeyName(name: string): boolean {
  return name !== "" && name.isWellFormed() && !/[\p{White_Space}+]/u.test(name) && !Array.from(name).some((letter) => letter < " ");
}

/** @throws InstarError INPUT_INVALID */
export function assertKeyName(name: string): void {
  if (!isKeyName(name)) throw new InstarError("INPUT_INVALID", `a key cannot be named ${quoteText(name, 120)}: a name has neither spaces nor plus signs`);
}

/** The type's byte and the public key's 32. */
export function encodePublicKey(key: KeyObject): Buffer {
  if (key.asymmetricKeyType !== "ed25519")
    throw new InstarError("INPUT_INVALID", `a note is signed with an Ed25519 key, not with ${key.asymmetricKeyType ?? key.type}`);
  const { x = "" } = (key.type === "private" ? createPublicKey(key) : key).export({ format: "jwk" });
  return Buffer.concat([Uint8Array.of(ED25519_TYPE), Buffer.from(x, "base64url")]);
}

function decodePublicKey(bytes: Buffer): KeyObject {
  return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: bytes.toString("base64url") }, format: "jwk" });
}

const renderId = (id: number) => id.toString(16).padStart(8, "0");
