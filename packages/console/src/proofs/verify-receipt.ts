import { type Bytes, HASH_BYTES, parseBase64, parseDecimal } from "./bytes.ts";
import { type Checkpoint, openCheckpoint } from "./checkpoint.ts";
import { hashLeaf } from "./hash-tree.ts";
import { type Refused, refused, type Uncheckable } from "./proof-verdict.ts";
import type { VerifierKey } from "./verifier-key.ts";
import { verifyInclusion } from "./verify-inclusion.ts";

const FIRST_LINE = "c2sp.org/tlog-proof@v1";
const LONGEST_LETTERS = 524_288;

export interface Receipt {
  readonly index: number;
  readonly proof: readonly Bytes[];
  /** The whole signed note, as it came; nothing of it is verified. */
  readonly note: string;
}

export type ReceiptVerdict =
  | { readonly kind: "verified"; readonly checkpoint: Checkpoint; readonly leafHash: Bytes; readonly hashes: number }
  | Refused
  | Uncheckable;

/** Takes a receipt (C2SP tlog-proof) apart; undefined where it is none. */
export function parseReceipt(text: string): Receipt | undefined {
  const end = text.indexOf("\n\n");
  if (text.length > LONGEST_LETTERS || end === -1) return undefined;
  const [first, ...lines] = text.slice(0, end).split("\n");
  // Whatever the extra data says, nobody signed it.
  if (lines[0]?.startsWith("extra ")) lines.shift();
  const [, indexText = ""] = /^index (\S+)$/.exec(lines.shift() ?? "") ?? [];
  const index = parseDecimal(indexText);
  const proof = lines.map(parseBase64).filter((hash) => hash?.length === HASH_BYTES);
  if (first !== FIRST_LINE || index === undefined || proof.length !== lines.length) return undefined;
  return { index, proof: proof as Bytes[], note: text.slice(end + 2) };
}

/** Whether a receipt that anybody may have written shows that these very bytes are the ledger's entry at `index`. */
export async function verifyReceipt(text: string, entry: Bytes, index: number, key: VerifierKey): Promise<ReceiptVerdict> {
  const receipt = parseReceipt(text);
  if (receipt === undefined) return refused("what came is no receipt");
  if (receipt.index !== index) return refused(`the receipt is of entry ${receipt.index}, not of entry ${index}`);
  const opened = await openCheckpoint(receipt.note, key);
  if (opened.kind !== "verified") return opened;
  const { checkpoint } = opened;
  const leafHash = await hashLeaf(entry);
  const included = await verifyInclusion(receipt.proof, index, checkpoint.size, leafHash, checkpoint.root);
  return included.kind === "verified" ? { kind: "verified", checkpoint, leafHash, hashes: receipt.proof.length } : included;
}
