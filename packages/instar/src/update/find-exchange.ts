import type { JournalEntry } from "./journal-entry.ts";
import { planNextMove } from "./plan-next-move.ts";

/**
 * What an update is at that has begun to exchange versions and has neither confirmed the new one nor gone back; undefined where it is not at
 * that, and where it stands still until a person answers: then what it left is what serves.
 */
export function findExchange(journal: readonly JournalEntry[], nowTickMs: number): string | undefined {
  const [first] = journal;
  if (first?.kind !== "started") return undefined;
  const isBegun = first.steps.some(({ id, exchanges }) => exchanges && journal.some((entry) => entry.kind === "applying" && entry.step === id));
  if (!isBegun) return undefined;
  const confirming = first.steps.find(({ endsLease }) => endsLease)?.id;
  const isConfirmed = journal.some((entry) => entry.kind === "applied" && entry.step === confirming);
  const isGoingBack = journal.some(({ kind }) => kind === "undoing");
  const move = planNextMove(journal, nowTickMs);
  switch (move.move) {
    case "undo":
      return `'${move.step.title}' is being undone`;
    case "apply":
      return isConfirmed ? undefined : `'${move.step.title}' is under way`;
    case "wait":
    case "retry":
      return isConfirmed && !isGoingBack ? undefined : move.because;
    case "ask-operator":
    case "declare-stuck":
    case "end":
    case "nothing":
      return undefined;
    default:
      return move satisfies never;
  }
}
