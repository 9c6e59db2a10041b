import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { emptyObservation, foldBucket } from "./fold-observation.ts";
import { judgeObservation } from "./judge-observation.ts";
import { makeBaseline, makeBucket, makeFront, makeLimits } from "./make-bucket.testing.ts";
import type { MetricsBucket } from "./metrics-bucket.ts";
import type { ObservationState } from "./observation-state.ts";
import { failing, fold, judge, nobody } from "./tell-story.testing.ts";

describe("whatever comes", () => {
  const counted = fc
    .record({ requests: fc.nat(400), part: fc.double({ min: 0, max: 1, noNaN: true }) })
    .map(({ requests, part }) => makeFront(requests, Math.floor(requests * part)));
  const silence = fc.record({
    front: fc.constant(null),
    isServing: fc.constant(null),
    health: fc.constantFrom([], [{ verdict: "nodata" as const, because: "no answer" }], [{ verdict: "error" as const, because: "it could not be asked" }]),
    coveredMs: fc.integer({ min: 0, max: 10_000 }),
    silent: fc.dictionary(fc.constantFrom("front", "health", "prometheus"), fc.constant("no answer")),
    wallMs: fc.integer({ min: 0, max: 4e12 }),
  });
  const anything = fc.record(
    {
      front: fc.option(counted),
      beside: fc.option(counted),
      isServing: fc.constantFrom(true, true, true, false, null),
      restarts: fc.constantFrom(0, 0, 0, 1),
      residentBytes: fc.option(fc.nat(1e9)),
      logErrors: fc.option(fc.nat(50)),
      metrics: fc.dictionary(fc.constantFrom("cpu", "queue"), fc.double({ noNaN: true, noDefaultInfinity: true })),
      wallMs: fc.integer({ min: 0, max: 4e12 }),
      silent: fc.dictionary(fc.constantFrom("front", "prometheus"), fc.constant("no answer")),
    },
    { requiredKeys: [] },
  );
  const baseline = { metrics: { cpu: { minutes: 60, median: 1, deviation: 2 }, queue: { minutes: 60, median: 0, deviation: 0 } } };

  it("no sequence of silence is ever a pass, and none is kept unless the operator keeps the unverified", () => {
    fc.assert(
      fc.property(fc.array(silence, { maxLength: 60 }), fc.constantFrom(0, 200), (buckets, requests) => {
        const verdict = judge({ buckets: buckets.length, each: (index) => buckets[index] ?? {}, limits: { requests, windowMs: 20_000, maxMs: 40_000 } });
        expect(verdict.verdict).not.toBe("pass");
        expect(verdict.action).not.toBe("keep");
      }),
    );
  });

  it("the state is plain JSON, and a verdict from what was read back is the same", () => {
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 80 }), (buckets) => {
        const story = { buckets: buckets.length, each: (index: number) => (buckets[index] ?? {}) as Partial<MetricsBucket>, baseline };
        const state = fold(story);
        const read = JSON.parse(JSON.stringify(state)) as ObservationState;
        expect(read).toEqual(state);
        const plan = { limits: makeLimits(), baseline: makeBaseline(baseline) };
        expect(judgeObservation(read, plan, 0, nobody)).toEqual(judgeObservation(state, plan, 0, nobody));
      }),
    );
  });

  it("a metric of absurd size is summed to something that JSON knows", () => {
    const state = fold({ buckets: 2, baseline, each: () => ({ metrics: { cpu: Number.MAX_VALUE } }) });
    expect(JSON.parse(JSON.stringify(state))).toEqual(state);
  });

  it("folding a bucket twice equals once: a look that was interrupted may be made again", () => {
    const plan = { limits: makeLimits(), baseline: makeBaseline() };
    const bucket = makeBucket(3, { front: makeFront(9, 2), restarts: 1 });
    const once = foldBucket(emptyObservation(), bucket, plan);
    expect(foldBucket(once, bucket, plan)).toBe(once);
  });

  it("a wall clock that jumps changes no verdict where no hours are known", () => {
    const at = (wallMs: (index: number) => number) => judge({ buckets: 300, each: (index) => ({ ...failing(200, 1)(index), wallMs: wallMs(index) }) });
    expect(at((index) => 4e12 - index * 1e9)).toEqual(at((index) => index));
  });

  it("three days of a busy version with twenty metrics fit into a few KB", () => {
    const names = Array.from({ length: 20 }, (_, index) => `metric_${index}`);
    const metrics = Object.fromEntries(names.map((name) => [name, { minutes: 360, median: 10, deviation: 1 }]));
    const state = fold({
      buckets: 10_000,
      baseline: { metrics },
      each: (index) => ({
        front: makeFront(800, 8),
        residentBytes: 1e8 + index,
        eventLoopDelayMs: 1,
        metrics: Object.fromEntries(names.map((name) => [name, 10])),
      }),
    });
    expect(JSON.stringify(state).length).toBeLessThan(12_000);
  });
});
