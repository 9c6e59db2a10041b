import { InstarError } from "@instar/protocol";
import { quoteText } from "../../platform/plain-text.ts";
import { EMPTY_ROOT, HASH_BYTES } from "./hash-tree.ts";
import type { NoteKey } from "./note-key.ts";
import { parseBase64, parseDecimal, parseText, type TextRule } from "./parse-text.ts";
import { type Refused, refused, refusedBy } from "./refused.ts";
import { openNote } from "./signed-note.ts";

/** What a log says of its tree (C2SP tlog-checkpoint). */
export interface TreeHead {
  /** Which log it is. One line. */
  readonly origin: string;
  /** How many entries there are. */
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
}

export interface Checkpoint extends TreeHead {
  readonly root: Buffer;
  /** Lines after the third, none of them empty and none of them understood. Instar writes none. */
  readonly extensions: readonly string[];
}

export interface LogTrust {
  /** The only one that is accepted. */
  readonly origin: string;
  /** Of the log alone: one of them is enough, so a witness's key among them could speak for the log. */
  readonly keys: readonly NoteKey[];
}

export type CheckpointVerdict = { readonly kind: "verified"; readonly checkpoint: Checkpoint; readonly signedBy: readonly NoteKey[] } | Refused;

const RULE: TextRule = { what: "the checkpoint", longestBytes: 65_536 };

/** The text that is signed: origin, size and root, a line each. @throws InstarError INPUT_INVALID where one of them cannot be */
export function renderCheckpoint({ origin, size, root }: TreeHead): string {
  const text = `${origin}\n${size}\n${Buffer.from(root).toString("base64")}\n`;
  if (parseCheckpoint(text).origin !== origin) throw new InstarError("INPUT_INVALID", "the origin of a checkpoint is one line");
  return text;
}

/** Of a text that was verified: nothing else keeps it from being anybody's. @throws InstarError INPUT_INVALID where it is no checkpoint */
export function parseCheckpoint(text: string): Checkpoint {
  const refuse = (because: string) => new InstarError("INPUT_INVALID", `the checkpoint ${because}`);
  const [origin = "", sizeLine = "", rootLine = "", ...extensions] = parseText(text, RULE).slice(0, -1).split("\n");
  const size = parseDecimal(sizeLine);
  const root = parseBase64(rootLine);
  if (origin === "") throw refuse("has no origin");
  if (size === undefined) throw refuse(`has the size ${quoteText(sizeLine, 40)}, which is no number of entries`);
  if (root?.length !== HASH_BYTES) throw refuse(`has the root ${quoteText(rootLine, 80)}, which is not ${HASH_BYTES} bytes in base64`);
  if (size === 0 && !root.equals(EMPTY_ROOT)) throw refuse("has no entries, and a root as if it had");
  if (extensions.includes("")) throw refuse("has an empty line");
  return { origin, size, root, extensions };
}

/**
 * Whether a signed checkpoint that anybody may have written is the log's.
 * @throws InstarError INPUT_INVALID where the keys cannot be used; never because of the note
 */
export function openCheckpoint(note: string | Uint8Array, { origin, keys }: LogTrust): CheckpointVerdict {
  const opened = openNote(note, keys);
  if (opened.kind === "refused") return opened;
  try {
    const checkpoint = parseCheckpoint(opened.text);
    if (checkpoint.origin !== origin) return refused(`the checkpoint is of ${quoteText(checkpoint.origin, 120)}, not of ${quoteText(origin, 120)}`);
    return { kind: "verified", checkpoint, signedBy: opened.signedBy };
  } catch (error) {
    return refusedBy(error);
  }
}
