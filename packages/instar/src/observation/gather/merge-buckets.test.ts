import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addToSketch, emptySketch } from "../../statistics/latency-sketch.ts";
import type { MetricsBucket } from "../metrics-bucket.ts";
import { makeBucket } from "./make-bucket.testing.ts";
import { mergeBuckets } from "./merge-buckets.ts";
import { planThinning, type RecordedSpan } from "./plan-thinning.ts";

const latencyOf = (values: readonly number[]) => {
  const sketch = emptySketch();
  for (const value of values) addToSketch(sketch, value);
  return sketch;
};
const bucket = fc.record({
  coveredMs: fc.integer({ min: 1, max: 6_000 }),
  front: fc.option(
    fc.record({
      requests: fc.nat(100),
      failed: fc.nat(10),
      writes: fc.nat(10),
      latency: fc.array(fc.integer({ min: 1, max: 900 }), { maxLength: 5 }).map(latencyOf),
    }),
  ),
  isServing: fc.constantFrom(true, false, null),
  restarts: fc.nat(3),
  logErrors: fc.option(fc.nat(9)),
  heartbeatAgeMs: fc.option(fc.nat(9_000)),
  metrics: fc.record({ sent: fc.nat(50) }, { requiredKeys: [] }),
});
const counted = ({ coveredMs, front, isServing, restarts, logErrors, heartbeatAgeMs, metrics, tickMs }: MetricsBucket) => ({
  coveredMs,
  front,
  isServing,
  restarts,
  logErrors,
  heartbeatAgeMs,
  metrics,
  tickMs,
});

describe("buckets that are merged", () => {
  it("count the same whether they are merged at once or step by step", () => {
    const sent = new Set(["sent"]);
    fc.assert(
      fc.property(fc.array(bucket, { minLength: 2, maxLength: 6 }), fc.nat(4), (parts, cut) => {
        const buckets = parts.map((part, index) => makeBucket({ ...part, tickMs: index + 1 }));
        const at = 1 + (cut % (buckets.length - 1));
        const stepwise = mergeBuckets([mergeBuckets(buckets.slice(0, at), sent), mergeBuckets(buckets.slice(at), sent)], sent);
        expect(counted(stepwise)).toEqual(counted(mergeBuckets(buckets, sent)));
      }),
    );
  });
  it("keep what is bad: a silence, damage, a check that failed", () => {
    const merged = mergeBuckets(
      [
        makeBucket({ silent: { front: "away" }, health: [{ verdict: "fail", because: "500" }], damage: "a file", residentBytes: 1, metrics: { queue: 9 } }),
        makeBucket({ tickMs: 2, health: [{ verdict: "pass", because: "200" }], residentBytes: 3, metrics: { queue: 1 } }),
      ],
      new Set(),
    );
    expect(merged).toMatchObject({ silent: { front: "away" }, damage: "a file", residentBytes: 1, metrics: { queue: 1 } });
    expect(merged.health).toEqual([
      { verdict: "fail", because: "500" },
      { verdict: "pass", because: "" },
    ]);
  });
});

describe("thinning", () => {
  const HOUR = 3_600_000;
  const span = (tickMs: number, parts: Partial<RecordedSpan> = {}): RecordedSpan => ({ release: "r", tickMs, coveredMs: 5_000, sizeBytes: 500, ...parts });
  const spans = (fromMs: number, toMs: number) => Array.from({ length: Math.floor((toMs - fromMs) / 5_000) }, (_, index) => span(fromMs + (index + 1) * 5_000));

  it("merges what is older than two hours to five minutes, and leaves the rest", () => {
    const { merge, remove } = planThinning(spans(0, 3 * HOUR), 3 * HOUR, null);
    expect(merge).toHaveLength(12);
    expect(merge.every((group) => group.length === 60)).toBe(true);
    expect(remove).toEqual([]);
  });
  it("merges nothing twice", () => {
    const merged = Array.from({ length: 12 }, (_, index) => span((index + 1) * 300_000));
    expect(planThinning([...merged, ...spans(HOUR, 3 * HOUR)], 3 * HOUR, null)).toEqual({ merge: [], remove: [] });
  });
  it("leaves what a watch still judges as it was seen", () => expect(planThinning(spans(0, 30 * HOUR), 30 * HOUR, HOUR).merge).toHaveLength(12));
  it("keeps two versions apart", () => {
    const both = [span(5_000), span(10_000, { release: "s" }), span(15_000), span(20_000, { release: "s" })];
    expect(planThinning(both, 10 * HOUR, null).merge.map((group) => group.map(({ release }) => release))).toEqual([
      ["r", "r"],
      ["s", "s"],
    ]);
  });
  it("forgets what is older than eight days, and never keeps more than its bounds", () => {
    const now = 9 * 24 * HOUR;
    expect(planThinning([span(HOUR), span(now)], now, null).remove).toEqual([span(HOUR)]);
    const fat = spans(now - HOUR, now).map((each) => ({ ...each, sizeBytes: 1_048_576 }));
    const { remove } = planThinning(fat, now, null);
    expect(fat.length - remove.length).toBe(64);
    expect(remove[0]).toBe(fat[0]);
  });
});
