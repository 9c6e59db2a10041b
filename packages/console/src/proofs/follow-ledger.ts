import { InstarError } from "@instar/protocol";
import { isSameBytes, parseBase64 } from "./bytes.ts";
import { type Checkpoint, openCheckpoint } from "./checkpoint.ts";
import { quoteText, type Refused, refused, type Uncheckable } from "./proof-verdict.ts";
import { parseVerifierKey } from "./verifier-key.ts";
import { verifyConsistency } from "./verify-consistency.ts";

/** What this browser saw of the ledger last, and holds it to. */
export interface Seen {
  /** Pinned at first sight. */
  readonly key: string;
  /** The largest checkpoint that was verified. */
  readonly note: string;
  readonly firstAt: string;
}

/** What the ledger says of itself now. */
export interface Head {
  readonly note: string;
  readonly key: string;
}

/**
 * `key-changed`: another key than the pinned one. `went-back`: fewer entries than were signed before. `split`: as many or more, and not the same ones: whoever
 * keeps the ledger tells one story here and another elsewhere. `unsigned`: no signature of the key under it.
 */
export interface Alarm {
  readonly kind: "alarm";
  readonly how: "key-changed" | "went-back" | "split" | "unsigned";
  readonly because: string;
}

export type HeadVerdict =
  | { readonly kind: "verified"; readonly how: "first" | "same" | "grown"; readonly checkpoint: Checkpoint; readonly keep: Seen; readonly because: string }
  | Alarm
  | Uncheckable;

/** Asks the ledger for the proof that what was signed by `note` is the beginning of its first `size` entries: hashes in base64. */
export type AskConsistency = (note: string, size: number) => Promise<readonly string[]>;

/**
 * Holds the ledger's head to what was seen before. `seen` must have been read before the head was asked for: another window may see a later one meanwhile.
 * @throws whatever `ask` throws, save that the ledger itself finds fault
 */
export async function followLedger(seen: Seen | undefined, head: Head, ask: AskConsistency, nowIso: string): Promise<HeadVerdict> {
  if (seen !== undefined && seen.key !== head.key) return alarm("key-changed", sayKeyChanged(seen.key, head.key));
  const key = await parseVerifierKey(head.key);
  if (key === undefined) return alarm("unsigned", "the ledger names no key that could verify its signatures");
  const opened = await openCheckpoint(head.note, key);
  if (opened.kind === "uncheckable") return opened;
  if (opened.kind === "refused") return alarm("unsigned", opened.because);
  const { checkpoint } = opened;
  const keep = { key: head.key, note: head.note, firstAt: seen?.firstAt ?? nowIso };
  if (seen === undefined)
    return {
      kind: "verified",
      how: "first",
      checkpoint,
      keep,
      because: `${checkpoint.size} entries, signed by a key that this browser sees for the first time and remembers`,
    };
  const before = await openCheckpoint(seen.note, key);
  if (before.kind !== "verified") return before.kind === "uncheckable" ? before : alarm("unsigned", `what was seen last: ${before.because}`);
  return compare(before.checkpoint, checkpoint, seen.note, ask, keep);
}

async function compare(older: Checkpoint, newer: Checkpoint, note: string, ask: AskConsistency, keep: Seen): Promise<HeadVerdict> {
  if (newer.size < older.size)
    return alarm("went-back", `this browser saw ${older.size} signed entries once, and now the ledger has ${newer.size}: it was put back to an earlier state`);
  if (newer.size === older.size)
    return isSameBytes(newer.root, older.root)
      ? { kind: "verified", how: "same", checkpoint: newer, keep, because: `the same ${newer.size} entries that this browser saw last` }
      : alarm("split", `two different ledgers of ${newer.size} entries were signed by the same key`);
  const grown = older.size === 0 ? ({ kind: "verified" } as const) : await proveGrowth(older, newer, note, ask);
  if (grown.kind === "refused") return alarm("split", `history was changed: ${grown.because}`);
  return {
    kind: "verified",
    how: "grown",
    checkpoint: newer,
    keep,
    because: `${newer.size} entries; the first ${older.size} are unchanged since this browser saw them`,
  };
}

async function proveGrowth(older: Checkpoint, newer: Checkpoint, note: string, ask: AskConsistency): Promise<{ readonly kind: "verified" } | Refused> {
  let answered: readonly string[];
  try {
    answered = await ask(note, newer.size);
  } catch (error) {
    if (InstarError.is(error, "LEDGER_DAMAGED")) return refused(error.message);
    throw error;
  }
  const proof = answered.map(parseBase64);
  return proof.every((hash) => hash !== undefined) ? verifyConsistency(proof, older, newer) : refused("the proof has a hash that is none");
}

/** Of two memories the one of the larger tree: a window that was slower takes nothing back. */
export async function laterOf(stored: Seen | undefined, keep: Seen): Promise<Seen> {
  const key = stored?.key === keep.key ? await parseVerifierKey(keep.key) : undefined;
  if (stored === undefined || key === undefined) return keep;
  const [there, here] = await Promise.all([openCheckpoint(stored.note, key), openCheckpoint(keep.note, key)]);
  return there.kind === "verified" && here.kind === "verified" && there.checkpoint.size > here.checkpoint.size ? stored : keep;
}

export const sayKeyChanged = (pinned: string, named: string): string =>
  `the ledger names the key ${quoteText(named)}; this browser remembers ${quoteText(pinned)}: it is another ledger, or somebody replaced its key`;

const alarm = (how: Alarm["how"], because: string): Alarm => ({ kind: "alarm", how, because });
