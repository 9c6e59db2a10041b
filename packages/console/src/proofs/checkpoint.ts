import { HASH_BYTES, parseBase64, parseDecimal } from "./bytes.ts";
import { quoteText, type Refused, refused, type Uncheckable } from "./proof-verdict.ts";
import { openNote } from "./signed-note.ts";
import type { VerifierKey } from "./verifier-key.ts";
import type { TreeHead } from "./verify-consistency.ts";

/** A signed head of the ledger (C2SP tlog-checkpoint). */
export interface Checkpoint extends TreeHead {
  readonly origin: string;
}

export type CheckpointVerdict = { readonly kind: "verified"; readonly checkpoint: Checkpoint } | Refused | Uncheckable;

/** Whether a signed checkpoint that anybody may have written is of the log whose key this is. */
export async function openCheckpoint(note: string, key: VerifierKey): Promise<CheckpointVerdict> {
  const opened = await openNote(note, key);
  if (opened.kind !== "verified") return opened.kind === "refused" ? refused(`the checkpoint: ${opened.because}`) : opened;
  // Instar writes no lines behind the root.
  const [origin = "", sizeLine = "", rootLine = "", ...more] = opened.text.slice(0, -1).split("\n");
  const [size, root] = [parseDecimal(sizeLine), parseBase64(rootLine)];
  if (size === undefined || root?.length !== HASH_BYTES || more.length > 0) return refused("the checkpoint does not name a log, a size and a root");
  if (origin !== key.name) return refused(`the checkpoint is of ${quoteText(origin)}, not of ${quoteText(key.name)}`);
  return { kind: "verified", checkpoint: { origin, size, root } };
}
