import type { MetricsRecord } from "../../observation/gather/metrics-record.ts";
import { judgeObservation } from "../../observation/judge-observation.ts";
import { replayObservation } from "../../observation/replay-observation.ts";
import type { JournalEntry } from "../journal-entry.ts";
import { type ObservationNote, parseObservationNote } from "./observation-note.ts";
import type { PinnedWatch } from "./pinned-watch.ts";

export type WatchStepId = "trial" | "watch";
export const WATCH_STEPS: readonly WatchStepId[] = ["trial", "watch"];

export interface JournalledLook {
  readonly entry: JournalEntry;
  readonly note: ObservationNote;
}

/** Every look that a step of an update recorded, the one that ended it too. */
export function listLooks(journal: readonly JournalEntry[], step: WatchStepId): JournalledLook[] {
  return journal.flatMap((entry) => {
    if (!("step" in entry) || entry.step !== step) return [];
    const note = parseObservationNote(
      entry.kind === "waiting" ? entry.noted : entry.kind === "applied" ? entry.gives : entry.kind === "failed" ? (entry.evidence ?? {}) : {},
    );
    return note === undefined ? [] : [{ entry, note }];
  });
}

export type Replayed = { readonly verdict: "yes" | "no"; readonly because: string };

/**
 * Computes every verdict again: from the buckets, as long as they are there as they were seen, and afterwards from the state that each look recorded.
 * A difference is shown with what was recorded and what came out.
 */
export function replayWatch(looks: readonly JournalledLook[], pinned: PinnedWatch, record: MetricsRecord): Replayed {
  const last = looks.at(-1)?.note;
  const buckets = last?.foldedTickMs == null ? [] : record.read(pinned.plan.limits.release, pinned.servedAtTickMs, last.foldedTickMs);
  if (last !== undefined && buckets.length !== last.state.buckets) {
    const other = looks.find(({ note }) => {
      const again = judgeObservation(note.state, pinned.plan, note.tickMs, note.word);
      return again.verdict !== note.verdict || again.action !== note.action || again.because !== note.because;
    });
    const from = "what it saw was merged since, so each verdict was computed from the state that was recorded with it";
    return other === undefined ? { verdict: "yes", because: `${looks.length} verdicts come out again; ${from}` } : differs(other, "another verdict", from);
  }
  const difference = replayObservation(
    buckets,
    pinned.plan,
    looks.map(({ note }) => note),
  );
  if (difference === undefined) return { verdict: "yes", because: `${looks.length} verdicts come out again from ${buckets.length} recorded spans` };
  const look = looks[difference.look];
  return look === undefined
    ? { verdict: "no", because: "there are fewer looks than verdicts" }
    : differs(look, `${difference.computed.verdict} (${difference.computed.because})`, `${buckets.length} recorded spans`);
}

const differs = ({ entry, note }: JournalledLook, computed: string, from: string): Replayed => ({
  verdict: "no",
  because: `entry ${entry.seq} recorded ${note.verdict} (${note.because}), and ${computed} comes out of ${from}`,
});
