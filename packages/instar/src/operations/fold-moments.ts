import type { MetricsSeriesView } from "@instar/protocol";
import type { JournalEntry } from "../update/journal-entry.ts";
import { listLooks, WATCH_STEPS } from "../update/observed/replay-watch.ts";

type Moment = MetricsSeriesView["moments"][number];

/** When something was done or decided about what serves, for marks on a chart: of looks only those at which the verdict was another one. Pure. */
export function foldMoments(journal: readonly JournalEntry[]): Moment[] {
  const [first] = journal;
  if (first?.kind !== "started") return [];
  const exchanges = new Set(first.steps.filter((step) => step.exchanges === true).map(({ id }) => id));
  const verdicts = WATCH_STEPS.flatMap((step) => {
    const looks = listLooks(journal, step);
    return looks.flatMap(({ entry, note }, at): Moment[] =>
      looks[at - 1]?.note.verdict === note.verdict ? [] : [{ at: entry.at, kind: "verdict", verdict: note.verdict, because: note.because }],
    );
  });
  const others = journal.flatMap((entry): Moment[] => {
    if (entry.kind === "applied" && exchanges.has(entry.step))
      return [
        { at: entry.at, kind: "exchange", verdict: null, because: `${first.start.versionTo} takes the place of ${first.start.versionFrom ?? "nothing"}` },
      ];
    if (entry.kind === "confirmed") return [{ at: entry.at, kind: "confirmed", verdict: null, because: entry.because }];
    if (entry.kind === "ended") return [{ at: entry.at, kind: "ended", verdict: null, because: `${entry.outcome}: ${entry.because}` }];
    return [];
  });
  const undoing = journal.find(({ kind }) => kind === "undoing");
  const back: Moment[] = undoing === undefined ? [] : [{ at: undoing.at, kind: "going-back", verdict: null, because: "the version before is put back" }];
  return [...verdicts, ...others, ...back].toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}
