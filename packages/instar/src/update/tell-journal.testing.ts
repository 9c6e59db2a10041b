import type { ErrorCode, Outcome } from "@instar/protocol";
import type { EntryBody, Gives, JournalEntry, PinnedStep, UpdateId, UpdateStart } from "./journal-entry.ts";

/** A short update that has one step of each sort: needless to undo, undone, exchanging, ending the lease, waiting. */
export const STEPS: readonly PinnedStep[] = [
  { id: "fetch", version: 1, title: "Fetch it", undoNeedless: "it only reads" },
  { id: "stage", version: 1, title: "Stage it" },
  { id: "switch", version: 1, title: "Exchange it", exchanges: true },
  { id: "confirm", version: 1, title: "Confirm it", endsLease: true, undoNeedless: "it only looks" },
  { id: "watch", version: 1, title: "Watch it", undoNeedless: "it only looks" },
  { id: "commit", version: 1, title: "Commit it" },
];

export const START: UpdateStart = {
  kind: "code",
  target: "demo",
  commit: "c0ffee0000c0ffee0000c0ffee0000c0ffee0000",
  ref: "refs/heads/main",
  versionFrom: "1.0.0",
  versionTo: "1.1.0",
  releaseFrom: "release-1",
  wayBack: "release-1",
  trigger: "found",
  actor: { type: "system", id: "daemon" },
  overrides: {},
};

export type Told = EntryBody & { readonly tickMs?: number; readonly epoch?: number };

/** A journal as the bodies tell it: `started` first, `seq` dense, every tick and epoch 0 unless `at` says otherwise. */
export function tellJournal(told: readonly Told[], steps: readonly PinnedStep[] = STEPS, start: UpdateStart = START): JournalEntry[] {
  const begun: Told = { kind: "started", steps, start };
  return [begun, ...told].map((body, seq, all) => ({
    tickMs: 0,
    epoch: 0,
    ...body,
    update: "abcdefgh" as UpdateId,
    seq,
    at: new Date(Date.UTC(2026, 0, 2) + seq * 1_000).toISOString(),
    attempt: "step" in body ? all.slice(0, seq + 1).filter((other) => other.kind === "applying" && other.step === body.step).length : 0,
  }));
}

export const at = (tickMs: number, body: EntryBody): Told => ({ ...body, tickMs });
export const inEpoch = (epoch: number, body: EntryBody): Told => ({ ...body, epoch });

export const applying = (step: string): EntryBody => ({ kind: "applying", step });
export const applied = (step: string, gives: Gives = {}): EntryBody => ({ kind: "applied", step, gives });
export const waiting = (step: string, untilTickMs: number, noted: Gives = {}): EntryBody => ({
  kind: "waiting",
  step,
  waitsFor: "observation",
  untilTickMs,
  because: "not yet",
  noted,
});
export const failed = (step: string, because = "it broke", transient = false): EntryBody => ({
  kind: "failed",
  step,
  code: "APPLY_FAILED",
  because,
  transient,
});
export const stumbled = (step: string, because = "it stumbled"): EntryBody => failed(step, because, true);
export const undoing = (step: string): EntryBody => ({ kind: "undoing", step });
export const undone = (step: string, gives: Gives = {}): EntryBody => ({ kind: "undone", step, gives });
export const undoFailed = (step: string, code: ErrorCode = "APPLY_FAILED"): EntryBody => ({ kind: "undo-failed", step, code, because: "it would not go" });
export const stuck = (because = "it would not go"): EntryBody => ({ kind: "stuck", because });
export const cancelled: EntryBody = { kind: "cancel-requested", by: "ada", because: "ada cancelled it" };
export const superseded: EntryBody = { kind: "supersede-requested", by: "upstream", because: "1.2.0 is new" };
export const resolved = (how: "retry" | "accept" | "abandon", mayLoseWrites = false): EntryBody => ({ kind: "resolved", how, by: "ada", mayLoseWrites });
export const ended = (outcome: Outcome, because = "so"): EntryBody => ({ kind: "ended", outcome, because });

/** The entries of steps that went well, in order. */
export const done = (...steps: string[]): EntryBody[] => steps.flatMap((step) => [applying(step), applied(step)]);
/** The entries of steps that were undone, in order. */
export const takenBack = (...steps: string[]): EntryBody[] => steps.flatMap((step) => [undoing(step), undone(step)]);
