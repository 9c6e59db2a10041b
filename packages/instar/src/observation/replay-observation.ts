import { emptyObservation, foldBucket } from "./fold-observation.ts";
import { judgeObservation, type ObservationAction, type ObservationVerdict, type ObservationWord } from "./judge-observation.ts";
import type { MetricsBucket } from "./metrics-bucket.ts";
import type { ObservationPlan } from "./observation-plan.ts";

/** A verdict as it was recorded, with what it was made from besides the buckets. */
export interface RecordedLook {
  /** Instance time at which it was made, and of the newest bucket that it knew (null: of none). */
  readonly tickMs: number;
  readonly foldedTickMs: number | null;
  readonly word: ObservationWord;
  readonly verdict: ObservationVerdict["verdict"];
  readonly action: ObservationAction;
  readonly because: string;
}

export interface ReplayDifference {
  readonly look: number;
  readonly recorded: RecordedLook;
  readonly computed: ObservationVerdict;
}

/** Computes every recorded verdict again from the recorded facts. The first that comes out otherwise; undefined where none does. */
export function replayObservation(buckets: readonly MetricsBucket[], plan: ObservationPlan, looks: readonly RecordedLook[]): ReplayDifference | undefined {
  const ordered = buckets.toSorted((one, other) => one.tickMs - other.tickMs);
  let state = emptyObservation();
  let next = 0;
  for (const [look, recorded] of looks.entries()) {
    for (let bucket = ordered[next]; bucket !== undefined && bucket.tickMs <= (recorded.foldedTickMs ?? -1); bucket = ordered[next]) {
      state = foldBucket(state, bucket, plan);
      next += 1;
    }
    const computed = judgeObservation(state, plan, recorded.tickMs, recorded.word);
    if (computed.verdict !== recorded.verdict || computed.action !== recorded.action || computed.because !== recorded.because)
      return { look, recorded, computed };
  }
  return undefined;
}
