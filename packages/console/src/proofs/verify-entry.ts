import type { LedgerEntryView } from "@instar/protocol";
import { encodeText, renderBase64 } from "./bytes.ts";
import { renderCanonical } from "./canonical-json.ts";
import { type AskConsistency, followLedger, type HeadVerdict, type Seen, sayKeyChanged } from "./follow-ledger.ts";
import { parseVerifierKey } from "./verifier-key.ts";
import { parseReceipt, verifyReceipt } from "./verify-receipt.ts";

/** What `audit.prove` answers. */
export interface ProofAnswer {
  readonly index: number;
  readonly entry: string;
  readonly receipt: string;
  readonly key: string;
}

export interface ProofStep {
  readonly what: string;
  readonly verdict: "pass" | "fail" | "nodata";
  readonly because: string;
}

export interface EntryVerdict {
  readonly kind: "verified" | "refused" | "uncheckable";
  readonly because: string;
  readonly steps: readonly ProofStep[];
  /** Where all of it held: what this browser may remember. */
  readonly head: Extract<HeadVerdict, { kind: "verified" }> | null;
}

/**
 * Whether the ledger holds the entry exactly as it is shown: its digest is computed from what is on the screen, not taken from the answer; the key is the
 * pinned one; and the signed tree is one that only grew since this browser saw it last. Stops at the first thing that does not hold.
 */
export async function verifyEntry(
  shown: LedgerEntryView,
  answer: ProofAnswer,
  seen: Seen | undefined,
  ask: AskConsistency,
  nowIso: string,
): Promise<EntryVerdict> {
  const steps: ProofStep[] = [];
  const stop = (what: string, because: string, kind: "refused" | "uncheckable" = "refused"): EntryVerdict => ({
    kind,
    because,
    steps: [...steps, { what, verdict: kind === "refused" ? "fail" : "nodata", because }],
    head: null,
  });
  const pass = (what: string, because: string) => steps.push({ what, verdict: "pass", because });

  const text = renderShown(shown);
  if (text === undefined || answer.entry !== text) return stop(ENTRY, "what is shown here is not what the ledger says that it holds");
  const bytes = encodeText(text);
  pass(ENTRY, `${bytes.length} bytes of canonical JSON, the same as the ledger's`);

  if (seen !== undefined && seen.key !== answer.key) return stop(KEY, sayKeyChanged(seen.key, answer.key));
  const key = await parseVerifierKey(answer.key);
  if (key === undefined) return stop(KEY, "the answer names no key that could verify a signature");
  pass(
    KEY,
    seen === undefined ? "seen for the first time; this browser remembers it from now on" : `the one that this browser remembers since ${seen.firstAt}`,
  );

  const included = await verifyReceipt(answer.receipt, bytes, shown.index, key);
  if (included.kind === "uncheckable") return stop(SIGNATURE, included.because, "uncheckable");
  if (included.kind === "refused") return stop(INCLUSION, included.because);
  const { checkpoint, leafHash, hashes } = included;
  pass(SIGNATURE, `a checkpoint of ${checkpoint.size} entries`);
  pass(INCLUSION, `${renderBase64(leafHash)} leads over ${hashes} ${hashes === 1 ? "hash" : "hashes"} to the signed root`);

  const note = parseReceipt(answer.receipt)?.note ?? "";
  const head = await followLedger(seen, { note, key: answer.key }, ask, nowIso);
  if (head.kind !== "verified") return stop(GROWTH, head.because, head.kind === "alarm" ? "refused" : "uncheckable");
  pass(GROWTH, head.because);
  return { kind: "verified", because: `entry ${shown.index} is in the ledger exactly as it is shown here`, steps, head };
}

const ENTRY = "The entry's own bytes";
const KEY = "The ledger's key";
const SIGNATURE = "The signature (Ed25519)";
const INCLUSION = "The entry's place in the tree";
const GROWTH = "The ledger only grew";

function renderShown(shown: LedgerEntryView): string | undefined {
  try {
    return renderCanonical(shown);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
