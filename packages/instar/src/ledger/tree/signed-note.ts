import { sign, verify } from "node:crypto";
import { InstarError } from "@instar/protocol";
import { quoteText } from "../../platform/plain-text.ts";
import { assertKeyName, encodePublicKey, isKeyName, keyIdOf, type NoteKey, renderKeyTitle } from "./note-key.ts";
import { parseBase64, parseText, type TextRule } from "./parse-text.ts";
import { type Refused, refused, refusedBy } from "./refused.ts";

export interface NoteSignature {
  /** The key's. */
  readonly name: string;
  /** The key's, 32 bits. */
  readonly id: number;
  /** As the key's type has it: 64 bytes of Ed25519, anything else of keys that are not known here. */
  readonly signature: Buffer;
}

/** A text and signatures under it, none of them verified. */
export interface SignedNote {
  /** What is signed, with its last newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

export type NoteVerdict =
  /** `signedBy`: the known keys that signed it, at least one. */
  { readonly kind: "verified"; readonly text: string; readonly signedBy: readonly NoteKey[] } | Refused;

/** Sixteen signatures must fit (C2SP signed-note), of up to 5,000 bytes each where they are post-quantum. */
const RULE: TextRule = { what: "the note", longestBytes: 262_144 };
const MOST_SIGNATURES = 64;
const KEY_ID_BYTES = 4;
const LINE_START = "— ";

/**
 * The text with a signature of each key under it. What is signed must be ended by a newline and have no other control characters.
 * @throws InstarError INPUT_INVALID where the text, a name or a key does not allow it
 */
export function signNote(text: string, ...keys: readonly [NoteKey, ...NoteKey[]]): string {
  const bytes = Buffer.from(text);
  return renderNote({ text, signatures: keys.map((each) => ({ name: each.name, id: keyIdOf(each), signature: signBytes(bytes, each) })) });
}

function signBytes(bytes: Buffer, { key }: NoteKey): Buffer {
  if (key.type !== "private") throw new InstarError("INPUT_INVALID", `to sign takes a private key, not a ${key.type} one`);
  return sign(null, bytes, key);
}

/** @throws InstarError INPUT_INVALID where `parseNote` would refuse it */
export function renderNote({ text, signatures }: SignedNote): string {
  parseText(text, RULE);
  const lines = signatures.map(({ name, id, signature }) => {
    assertKeyName(name);
    const keyId = Buffer.alloc(KEY_ID_BYTES);
    keyId.writeUInt32BE(id);
    return `${LINE_START}${name} ${Buffer.concat([keyId, signature]).toString("base64")}\n`;
  });
  const note = `${text}\n${lines.join("")}`;
  parseNote(note);
  return note;
}

/**
 * Takes a note apart. Its text may not be believed, nor shown, before `openNote` verified it.
 * @throws InstarError INPUT_INVALID where it is longer than 256 KiB or has more than 64 signatures, where it has none, or is malformed
 */
export function parseNote(note: string | Uint8Array): SignedNote {
  const whole = parseText(note, RULE);
  const refuse = (because: string) => new InstarError("INPUT_INVALID", `the note ${because}`);
  // The text may have empty lines; the last one ends it.
  const end = whole.lastIndexOf("\n\n") + 1;
  const lines = whole.slice(end + 1, -1).split("\n");
  if (end === 0) throw refuse("has no signatures");
  if (lines.length > MOST_SIGNATURES) throw refuse(`has ${lines.length} signatures; at most ${MOST_SIGNATURES} are read`);
  const signatures = lines.map((line) => {
    const signature = parseSignature(line);
    if (signature === undefined) throw refuse(`has the line ${quoteText(line, 120)} where a signature belongs`);
    return signature;
  });
  return { text: whole.slice(0, end), signatures };
}

function parseSignature(line: string): NoteSignature | undefined {
  const [name = "", encoded = "", ...rest] = line.slice(LINE_START.length).split(" ");
  const bytes = parseBase64(encoded);
  if (!line.startsWith(LINE_START) || rest.length > 0 || !isKeyName(name) || bytes === undefined || bytes.length <= KEY_ID_BYTES) return undefined;
  return { name, id: bytes.readUInt32BE(0), signature: bytes.subarray(KEY_ID_BYTES) };
}

/**
 * Whether a note that anybody may have written is signed by one of the known keys. Signatures of other keys are ignored; one of a known key that does not
 * verify, or that is there twice, refuses the whole.
 *
 * @throws InstarError INPUT_INVALID where the keys are not Ed25519, or two of them have the same name and id; never because of the note
 */
export function openNote(note: string | Uint8Array, keys: readonly NoteKey[]): NoteVerdict {
  const known = indexKeys(keys);
  let parsed: SignedNote;
  try {
    parsed = parseNote(note);
  } catch (error) {
    return refusedBy(error);
  }
  const bytes = Buffer.from(parsed.text);
  const signedBy = new Set<NoteKey>();
  for (const { name, id, signature } of parsed.signatures) {
    const key = known.get(name)?.get(id);
    if (key === undefined) continue;
    if (signedBy.has(key)) return refused(`the note is signed twice by ${quoteText(renderKeyTitle(key), 200)}`);
    if (!verify(null, bytes, key.key, signature)) return refused(`the signature of ${quoteText(renderKeyTitle(key), 200)} does not verify`);
    signedBy.add(key);
  }
  if (signedBy.size === 0) return refused("the note is not signed by a key that is known");
  return { kind: "verified", text: parsed.text, signedBy: [...signedBy] };
}

/** By name and id. The same key may be given twice; two keys that look the same to a signature may not. */
function indexKeys(keys: readonly NoteKey[]): ReadonlyMap<string, ReadonlyMap<number, NoteKey>> {
  const known = new Map<string, Map<number, NoteKey>>();
  for (const key of keys) {
    const named = known.get(key.name) ?? new Map<number, NoteKey>();
    const id = keyIdOf(key);
    const other = named.get(id);
    if (other !== undefined && !encodePublicKey(other.key).equals(encodePublicKey(key.key)))
      throw new InstarError("INPUT_INVALID", `two different keys are both called ${quoteText(renderKeyTitle(key), 200)}`);
    known.set(key.name, named.set(id, other ?? key));
  }
  return known;
}
