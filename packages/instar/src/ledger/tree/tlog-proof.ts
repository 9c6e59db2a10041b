import { InstarError } from "@instar/protocol";
import { quoteText } from "../../platform/plain-text.ts";
import { type Checkpoint, type LogTrust, openCheckpoint } from "./checkpoint.ts";
import { HASH_BYTES, hashLeaf } from "./hash-tree.ts";
import type { NoteKey } from "./note-key.ts";
import { parseBase64, parseDecimal, parseText, type TextRule } from "./parse-text.ts";
import { verifyInclusion } from "./prove-inclusion.ts";
import { type Refused, refusedBy } from "./refused.ts";
import { parseNote } from "./signed-note.ts";

/** A receipt: an entry's place in a log, which anybody can verify who has the entry and the log's key, and nobody to ask (C2SP tlog-proof). */
export interface TlogProof {
  readonly index: number;
  /** From the leaf's sibling up, 32 bytes each. */
  readonly proof: readonly Uint8Array[];
  /** The whole signed note, as it came. */
  readonly checkpoint: string;
  /** Whatever the writer wanted to add. No signature covers it. */
  readonly extra?: Uint8Array;
}

export type ReceiptVerdict =
  | { readonly kind: "verified"; readonly index: number; readonly checkpoint: Checkpoint; readonly signedBy: readonly NoteKey[] }
  | Refused;

const FIRST_LINE = "c2sp.org/tlog-proof@v1";
/** A checkpoint at its longest, and as much again for what was added. */
const RULE: TextRule = { what: "the receipt", longestBytes: 524_288 };
/** A tree that is higher has more entries than a number can count here. */
const MOST_HASHES = 53;

/** The text of a `.tlog-proof` file. @throws InstarError INPUT_INVALID where `parseProof` would refuse it, or the checkpoint is no signed note */
export function renderProof({ index, proof, checkpoint, extra }: TlogProof): string {
  parseNote(checkpoint);
  if (proof.some(({ length }) => length !== HASH_BYTES)) throw new InstarError("INPUT_INVALID", `the hashes of a proof are ${HASH_BYTES} bytes each`);
  const lines = [
    FIRST_LINE,
    ...(extra === undefined || extra.length === 0 ? [] : [`extra ${Buffer.from(extra).toString("base64")}`]),
    `index ${index}`,
    ...proof.map((hash) => Buffer.from(hash).toString("base64")),
  ];
  const text = `${lines.join("\n")}\n\n${checkpoint}`;
  parseProof(text);
  return text;
}

/** Takes a receipt apart. Nothing of it is verified, the checkpoint not even parsed. @throws InstarError INPUT_INVALID where it is none */
export function parseProof(input: string | Uint8Array): TlogProof {
  const refuse = (because: string) => new InstarError("INPUT_INVALID", `the receipt ${because}`);
  const text = parseText(input, RULE);
  const end = text.indexOf("\n\n");
  if (end === -1) throw refuse("has no checkpoint");
  const [first, ...lines] = text.slice(0, end).split("\n");
  if (first !== FIRST_LINE) throw refuse(`does not begin with ${FIRST_LINE}`);
  const extra = lines[0]?.startsWith("extra ") ? parseBase64(lines.shift()?.slice("extra ".length) ?? "") : null;
  if (extra === undefined || extra?.length === 0) throw refuse("has an extra line without base64");
  const indexLine = lines.shift() ?? "";
  const index = indexLine.startsWith("index ") ? parseDecimal(indexLine.slice("index ".length)) : undefined;
  if (index === undefined) throw refuse(`has the line ${quoteText(indexLine, 80)} where the index belongs`);
  if (lines.length > MOST_HASHES) throw refuse(`has ${lines.length} hashes; no tree takes more than ${MOST_HASHES}`);
  const proof = lines.map((line) => {
    const hash = parseBase64(line);
    if (hash?.length !== HASH_BYTES) throw refuse(`has the line ${quoteText(line, 80)} where a hash belongs`);
    return hash;
  });
  return { index, proof, checkpoint: text.slice(end + 2), ...(extra === null ? {} : { extra }) };
}

/**
 * Whether a receipt that anybody may have written shows that the entry is in the log.
 *
 * @param entry the bytes as the log holds them
 * @throws InstarError INPUT_INVALID where the keys cannot be used; never because of the receipt
 */
export function verifyReceipt(receipt: string | Uint8Array, entry: Uint8Array, trust: LogTrust): ReceiptVerdict {
  let parsed: TlogProof;
  try {
    parsed = parseProof(receipt);
  } catch (error) {
    return refusedBy(error);
  }
  const opened = openCheckpoint(parsed.checkpoint, trust);
  if (opened.kind === "refused") return opened;
  const { checkpoint, signedBy } = opened;
  const verdict = verifyInclusion(parsed.proof, parsed.index, checkpoint.size, hashLeaf(entry), checkpoint.root);
  return verdict.kind === "refused" ? verdict : { kind: "verified", index: parsed.index, checkpoint, signedBy };
}
