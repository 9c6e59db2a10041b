import { describe, expect, it } from "vitest";
import { emptyObservation, foldBucket } from "./fold-observation.ts";
import { judgeObservation, type ObservationWord } from "./judge-observation.ts";
import { makeBaseline, makeBucket, makeFront, makeLimits } from "./make-bucket.testing.ts";
import type { MetricsBucket } from "./metrics-bucket.ts";
import type { ObservationState } from "./observation-state.ts";
import { type RecordedLook, replayObservation } from "./replay-observation.ts";

const plan = {
  limits: makeLimits({ windowMs: 600_000, maxMs: 1_200_000 }),
  baseline: makeBaseline({ metrics: { cpu: { minutes: 360, median: 10, deviation: 1 } } }),
};
const buckets = Array.from(
  { length: 200 },
  (_, index): MetricsBucket => makeBucket(index, { front: makeFront(20, index % 5 === 0 ? 1 : 0), metrics: { cpu: index < 60 ? 10 : 15 } }),
);

/** A watch as a daemon makes it: some buckets a look, the state through JSON in between, and a person who confirms once it was held. */
function watch(): RecordedLook[] {
  const looks: RecordedLook[] = [];
  let [state, confirmedAtTickMs]: [ObservationState, number | null] = [emptyObservation(), null];
  for (let from = 0; from < buckets.length; from += 7) {
    for (const bucket of buckets.slice(from, from + 7)) state = foldBucket(state, bucket, plan);
    state = JSON.parse(JSON.stringify(state)) as ObservationState;
    const tickMs = (state.lastTickMs ?? 0) + 300;
    const word: ObservationWord = { confirmedAtTickMs };
    const { verdict, action, because } = judgeObservation(state, plan, tickMs, word);
    looks.push({ tickMs, foldedTickMs: state.lastTickMs, word, verdict, action, because });
    if (action === "pause" && from > 150) confirmedAtTickMs = tickMs;
  }
  return looks;
}

describe("a watch computed again from what was recorded", () => {
  it("comes to every verdict that was recorded", () => {
    const looks = watch();
    expect([...new Set(looks.map(({ action }) => action))]).toEqual(["watch", "pause", "keep"]);
    expect(replayObservation(buckets.toReversed(), plan, looks)).toBeUndefined();
  });

  it("finds the first verdict that the facts do not give", () => {
    const looks = watch().map((look, index) => (index >= 5 ? { ...look, verdict: "pass" as const, action: "keep" as const } : look));
    expect(replayObservation(buckets, plan, looks)).toMatchObject({ look: 5, recorded: { verdict: "pass" }, computed: { verdict: "insufficient" } });
  });

  it("finds facts that were changed since", () => {
    const changed = buckets.map((bucket, index) => (index === 3 ? { ...bucket, front: makeFront(20, 20) } : bucket));
    expect(replayObservation(changed, plan, watch())?.look).toBe(0);
  });
});
