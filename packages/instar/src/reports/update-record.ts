import type { Outcome } from "@instar/protocol";

/** Where and when: an entry's index and its wall time, ms since 1970. */
export interface Moment {
  readonly index: number;
  readonly atMs: number;
}

/** What an update did, the special ones told apart; unknown where its beginning was not read and nothing after it tells. */
export const UPDATE_SORTS = ["code", "configuration", "going-back", "restore", "watching-again", "unknown"] as const;
export type UpdateSort = (typeof UPDATE_SORTS)[number];

/** The protocol's, and `other` for a word of a newer Instar. */
export type RecordedOutcome = Outcome | "other";

export interface StageRecord extends Moment {
  readonly step: string;
  /** From the end of the step before, tries that failed and waits included, by the wall clock; null where that was not read or the clock jumped back. */
  readonly tookMs: number | null;
}

export interface FailureRecord extends Moment {
  readonly step: string;
  readonly code: string;
  readonly because: string;
  readonly isTransient: boolean;
}

/** A step that was undone. */
export interface UndoneRecord extends Moment {
  readonly step: string;
  /** Acknowledged writes since the exchange, where the way back counted them. */
  readonly writesSince: number | null;
}

/** What a person said, and a newer version that asked for the place. */
export interface WordRecord extends Moment {
  readonly word: "approved" | "rejected" | "confirmed" | "cancelled" | "resolved" | "gave-way";
  readonly by: string;
  readonly because: string;
}

/** What the steps measured, as far as the ledger carries it. */
export interface MeasuredRecord {
  /** From the beginning of the exchange until the new version served, by a clock that does not jump. */
  exchange: (Moment & { readonly tookMs: number }) | null;
  watched: (Moment & { readonly requests: number; readonly failed: number; readonly ms: number | null }) | null;
  rehearsal: (Moment & { readonly verdict: string; readonly because: string }) | null;
  tests: (Moment & { readonly verdict: string; readonly because: string }) | null;
}

/** One update as the ledger tells it. Filled while entries are read, and not changed after that. */
export interface UpdateRecord {
  readonly id: string;
  sort: UpdateSort;
  /** found, by-hand, first, rollback, restore, watch-again; null where it was not read. */
  trigger: string | null;
  by: string | null;
  commit: string | null;
  versionFrom: string | null;
  versionTo: string | null;
  /** When a source first had its commit, as far as that was read. */
  detected: Moment | null;
  started: Moment | null;
  /** When its exchange was done. */
  served: Moment | null;
  ended: Moment | null;
  outcome: RecordedOutcome | null;
  because: string;
  updateType: (Moment & { readonly type: string }) | null;
  risk: string | null;
  decision: (Moment & { readonly comesTo: string; readonly because: string }) | null;
  /** Of one that has not ended; at its end they are added to those of the period. */
  stages: StageRecord[];
  readonly failures: FailureRecord[];
  /** Steps whose undoing began. */
  readonly undoing: (Moment & { readonly step: string })[];
  readonly undone: UndoneRecord[];
  /** Ways back that did not work. */
  readonly undoFailures: Moment[];
  readonly words: WordRecord[];
  readonly quarantined: Moment[];
  readonly measured: MeasuredRecord;
  /** Ascending. */
  readonly entries: number[];
  /** The end of the last step, from which the next one is timed. */
  timedFrom: Moment | null;
}

export const emptyRecord = (id: string): UpdateRecord => ({
  ...{ id, sort: "unknown", trigger: null, by: null, commit: null, versionFrom: null, versionTo: null },
  ...{ detected: null, started: null, served: null, ended: null, outcome: null, because: "" },
  ...{ updateType: null, risk: null, decision: null, stages: [], failures: [], undoing: [], undone: [], undoFailures: [], words: [], quarantined: [] },
  measured: { exchange: null, watched: null, rehearsal: null, tests: null },
  entries: [],
  timedFrom: null,
});
