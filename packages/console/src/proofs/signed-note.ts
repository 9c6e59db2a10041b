import { type Bytes, encodeText, parseBase64, renderHex } from "./bytes.ts";
import { quoteText, type Refused, refused, type Uncheckable } from "./proof-verdict.ts";
import { isKeyName, type VerifierKey } from "./verifier-key.ts";

const LONGEST_LETTERS = 262_144;
const MOST_SIGNATURES = 64;
const KEY_ID_BYTES = 4;

export type NoteVerdict = { readonly kind: "verified"; readonly text: string } | Refused | Uncheckable;

/**
 * Whether a note that anybody may have written is signed by the key (C2SP signed-note). Signatures of other keys are passed over; one of this key that does
 * not verify, or that is there twice, refuses the whole.
 */
export async function openNote(note: string, key: VerifierKey): Promise<NoteVerdict> {
  const parsed = parseNote(note);
  if (parsed === undefined) return refused("it is no signed note");
  const own = parsed.signatures.filter(({ name, id }) => name === key.name && id === key.id);
  const [signature] = own;
  if (signature === undefined) return refused(`it is not signed by the key ${quoteText(`${key.name}+${key.id}`)}`);
  if (own.length > 1) return refused("it is signed twice by the same key");
  const isSigned = await verifySignature(key.publicKey, signature.bytes, encodeText(parsed.text));
  if (isSigned === undefined) return { kind: "uncheckable", because: "this browser cannot check signatures of the kind Ed25519" };
  return isSigned ? { kind: "verified", text: parsed.text } : refused(`the signature of ${quoteText(`${key.name}+${key.id}`)} does not verify`);
}

interface Signature {
  readonly name: string;
  readonly id: string;
  readonly bytes: Bytes;
}

function parseNote(note: string): { readonly text: string; readonly signatures: readonly Signature[] } | undefined {
  if (note.length > LONGEST_LETTERS || !note.isWellFormed() || !note.endsWith("\n") || /[^\n\P{Cc}]/u.test(note)) return undefined;
  // The text may have empty lines; the last one ends it.
  const end = note.lastIndexOf("\n\n") + 1;
  const lines = note.slice(end + 1, -1).split("\n");
  if (end === 0 || lines.length > MOST_SIGNATURES) return undefined;
  const signatures = lines.map(parseSignature);
  return signatures.every((each) => each !== undefined) ? { text: note.slice(0, end), signatures } : undefined;
}

function parseSignature(line: string): Signature | undefined {
  const [, name = "", encoded = ""] = /^— (\S+) (\S+)$/u.exec(line) ?? [];
  const bytes = parseBase64(encoded);
  if (!isKeyName(name) || bytes === undefined || bytes.length <= KEY_ID_BYTES) return undefined;
  return { name, id: renderHex(bytes.subarray(0, KEY_ID_BYTES)), bytes: bytes.slice(KEY_ID_BYTES) };
}

/** Undefined where the browser has no Ed25519: it came to WebCrypto late. */
async function verifySignature(publicKey: Bytes, signature: Bytes, text: Bytes): Promise<boolean | undefined> {
  try {
    const key = await crypto.subtle.importKey("raw", publicKey, ED25519, false, ["verify"]);
    return await crypto.subtle.verify(ED25519, key, signature, text);
  } catch (error) {
    if (error instanceof DOMException && error.name === "NotSupportedError") return undefined;
    // What is no point of the curve is refused by those that know the curve.
    return false;
  }
}

const ED25519 = { name: "Ed25519" };
