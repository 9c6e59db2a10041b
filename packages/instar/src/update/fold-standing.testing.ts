import { foldEnded, joinStanding, type Standing } from "./fold-standing.ts";
import type { JournalEntry } from "./journal-entry.ts";
import { foldGives } from "./plan-next-move.ts";

/** Where an instance with these journals stands. */
export function foldStanding(journals: readonly (readonly JournalEntry[])[]): Standing {
  return joinStanding(
    journals.map((journal) => {
      const given = foldGives(journal);
      return foldEnded(journal, () => given);
    }),
  );
}
