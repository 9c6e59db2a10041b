import { emptyObservation, foldBucket } from "./fold-observation.ts";
import { judgeObservation, type ObservationVerdict, type ObservationWord } from "./judge-observation.ts";
import { HOUR_MS, makeBaseline, makeBucket, makeFront, makeLimits } from "./make-bucket.testing.ts";
import { BUCKET_MS, type MetricsBucket } from "./metrics-bucket.ts";
import type { ObservationBaseline } from "./observation-baseline.ts";
import type { ObservationLimits } from "./observation-limits.ts";
import type { ObservationState } from "./observation-state.ts";

/** Buckets an hour. */
export const HOUR = HOUR_MS / BUCKET_MS;

/** A watch, told by how each of its buckets differs from a good one. */
export interface Story {
  readonly buckets: number;
  readonly each?: (index: number) => Partial<MetricsBucket>;
  readonly limits?: Partial<ObservationLimits>;
  readonly baseline?: Partial<ObservationBaseline>;
  readonly word?: ObservationWord;
  readonly lateMs?: number;
}

export const nobody: ObservationWord = { confirmedAtTickMs: null };

export function fold({ buckets, each = () => ({}), limits = {}, baseline = {} }: Story): ObservationState {
  const plan = { limits: makeLimits(limits), baseline: makeBaseline(baseline) };
  let state = emptyObservation();
  for (let index = 0; index < buckets; index += 1) state = foldBucket(state, makeBucket(index, each(index)), plan);
  return state;
}

export function judge(story: Story): ObservationVerdict {
  const plan = { limits: makeLimits(story.limits), baseline: makeBaseline(story.baseline) };
  const state = fold(story);
  return judgeObservation(state, plan, (state.lastTickMs ?? 0) + (story.lateMs ?? 0), story.word ?? nobody);
}

/** Four requests a span, of which none fails before bucket `from`, and `failed` from there on. */
export const failing = (from: number, failed: number) => (index: number) => ({ front: makeFront(4, index >= from ? failed : 0) });
export const busy = () => ({ front: makeFront(4, 0) });
