import type { JournalEntry } from "./journal-entry.ts";

export interface Estimates {
  /** How long this instance's tests take; null where none ever ran to their end. */
  readonly testMs: number | null;
  /** How long going back takes, from the decision until the old version served. */
  readonly rollbackMs: number | null;
}

/** Of the newest so many; older ones tell of another agent. */
const REMEMBERED = 10;

/** What this instance's own past says: the median of what was measured, never a guess. Pure. */
export function estimateFromHistory(journals: readonly (readonly JournalEntry[])[]): Estimates {
  const tests = journals.flatMap((journal) => spans(journal, "applying", "applied", "validate"));
  const rollbacks = journals.flatMap((journal) => spans(journal, "undoing", "undone", "switch"));
  return { testMs: medianOf(tests.slice(-REMEMBERED)), rollbackMs: medianOf(rollbacks.slice(-REMEMBERED)) };
}

/** By the instance's own time, which a jump of the wall clock does not move. A step that measured nothing took no time and says nothing. */
function spans(journal: readonly JournalEntry[], from: "applying" | "undoing", to: "applied" | "undone", step: string): number[] {
  return journal.flatMap((entry, index) => {
    if (entry.kind !== to || entry.step !== step || ("tests" in entry.gives && entry.gives.tests !== "pass")) return [];
    const begun = journal.slice(0, index).findLast((earlier) => earlier.kind === from && earlier.step === step);
    return begun === undefined || begun.epoch !== entry.epoch ? [] : [entry.tickMs - begun.tickMs];
  });
}

function medianOf(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}
