import { describe, expect, it } from "vitest";
import { createSeededRandom } from "../statistics/seeded-random.ts";
import { HOUR_MS, makeBucket, makeFront, makeLimits } from "./make-bucket.testing.ts";
import { BUCKET_MS, type MetricsBucket } from "./metrics-bucket.ts";
import { planBaseline } from "./plan-baseline.ts";
import { planErrorLimits } from "./triggers/error-limits.ts";

const HOUR = HOUR_MS / BUCKET_MS;
const DAY = 24 * HOUR;
/** Midnight, UTC. */
const MIDNIGHT_MS = 1_800_057_600_000;

const plan = (buckets: number, each: (index: number) => Partial<MetricsBucket>) =>
  planBaseline(Array.from({ length: buckets }, (_, index) => makeBucket(index, { release: "old", wallMs: MIDNIGHT_MS + index * BUCKET_MS, ...each(index) })));

describe("what the old version was like", () => {
  it("is nothing where nothing was seen", () =>
    expect(planBaseline([])).toMatchObject({
      coveredMs: 0,
      errors: null,
      latency: null,
      hours: {},
      residentBytes: null,
      logErrors: null,
      metrics: {},
      silent: [],
      things: {},
    }));

  it("is of the version that ran last alone", () => {
    const baseline = plan(200, (index) => ({ release: index < 100 ? "older" : "old", front: makeFront(10, index < 100 ? 9 : 0) }));
    expect(baseline.errors).toMatchObject({ requests: 1_000, failed: 0 });
    expect(baseline.coveredMs).toBe(100 * BUCKET_MS);
  });

  it("has bounds of the share of failures (Clopper-Pearson: nobody of a hundred is at most 4.5 % at 99 %)", () => {
    expect(plan(100, () => ({ front: makeFront(1, 0) })).errors?.atMost).toBeCloseTo(1 - 0.01 ** (1 / 100), 6);
    expect(plan(100, () => ({ front: makeFront(1, 1) })).errors?.atLeast).toBeCloseTo(0.05 ** (1 / 100), 6);
  });

  it("is of the last six hours, where there are more", () =>
    expect(plan(8 * HOUR, (index) => ({ front: makeFront(1, index < 2 * HOUR ? 1 : 0) })).errors).toMatchObject({ requests: 6 * HOUR, failed: 0 }));

  it("finds that failures come in swarms", () => {
    const random = createSeededRandom(2);
    const fail = (share: number) => makeFront(40, Array.from({ length: 40 }, () => random()).filter((value) => value < share).length);
    expect(plan(HOUR, () => ({ front: fail(0.02) })).errors?.dispersion).toBeLessThan(1.8);
    expect(plan(HOUR, (index) => ({ front: fail(Math.floor(index / 12) % 20 === 0 ? 0.4 : 0) })).errors?.dispersion).toBeGreaterThan(50);
  });

  it("has upper bounds of its latencies, and none from fewer than 59", () => {
    const answered = (count: number) => plan(count, (index) => ({ front: makeFront(1, 0, [10 + (index % 100)]) })).latency;
    expect(answered(58)).toBeNull();
    expect(answered(59)?.p95Ms).toBeGreaterThan(66);
    const { p50Ms = 0, p95Ms = 0 } = answered(4_000) ?? {};
    expect(p95Ms / 105).toBeGreaterThan(0.98);
    expect(p95Ms / 105).toBeLessThan(1.04);
    expect(p50Ms / 60).toBeGreaterThan(0.98);
    expect(p50Ms / 60).toBeLessThan(1.06);
  });

  it("knows an hour of the day by two days of it, and compares with that hour", () => {
    const baseline = plan(2 * DAY + HOUR, (index) => ({ front: makeFront(1, index % DAY < HOUR && index % 2 === 0 ? 1 : 0) }));
    expect(Object.keys(baseline.hours)).toHaveLength(24);
    const at = (hour: number) => planErrorLimits(baseline, makeLimits(), MIDNIGHT_MS + hour * HOUR_MS + 1).allowed;
    expect(at(0)).toBeGreaterThan(0.5);
    expect(at(1)).toBe(0.1);
    expect(plan(DAY + 10, () => ({ front: makeFront(1, 0) })).hours).not.toHaveProperty("5");
  });

  it("tells the most memory as a mean of a minute: a moment's peak is none", () =>
    expect(plan(HOUR, (index) => ({ residentBytes: index === 300 ? 1e9 : 1e8 })).residentBytes).toBeLessThan(2e8));

  it("counts flakes of checks, and no check that could not be made", () =>
    expect(plan(100, (index) => ({ health: [{ verdict: index < 3 ? "fail" : index < 10 ? "error" : "pass", because: "" }] })).health).toEqual({
      probes: 93,
      failed: 3,
    }));

  it("knows a metric by its median, and needs half an hour of it", () => {
    const cpu = (buckets: number) => plan(buckets, (index) => ({ metrics: { cpu: 10 + (Math.floor(index / 12) % 5) } })).metrics;
    expect(cpu(HOUR).cpu).toMatchObject({ minutes: 60, median: 12 });
    expect(cpu(29 * 12)).toEqual({});
  });

  it("names what was silent most of the time, and the things that it had last", () => {
    const baseline = plan(100, (index) => ({
      silent: index % 4 < 3 ? { prometheus: "refused" } : { log: "gone" },
      things: index % 10 === 0 ? { plugins: [`p${index}`] } : null,
    }));
    expect(baseline.silent).toEqual(["prometheus"]);
    expect(baseline.things).toEqual({ plugins: ["p90"] });
  });
});

describe("what failures are held to", () => {
  const limits = makeLimits();
  it("is the operator's limit where nothing is known of the old version", () =>
    expect(planErrorLimits(planBaseline([]), limits, null)).toEqual({ allowed: 0.1, usual: 0.1, dispersion: 1 }));
  it("is no more for an old version that was hardly asked and failed once", () =>
    expect(
      planErrorLimits(
        plan(1, () => ({ front: makeFront(1, 1) })),
        limits,
        null,
      ).allowed,
    ).toBe(0.1));
  it("is more where the old version surely failed more", () =>
    expect(
      planErrorLimits(
        plan(1_000, (index) => ({ front: makeFront(1, index % 3 === 0 ? 1 : 0) })),
        limits,
        null,
      ).allowed,
    ).toBeGreaterThan(0.33));
  it("is never more than the operator says, however little that is", () =>
    expect(
      planErrorLimits(
        plan(5_000, () => ({ front: makeFront(10, 0) })),
        makeLimits({ errorShare: 0.002 }),
        null,
      ),
    ).toMatchObject({ allowed: 0.002, usual: 0.002 }));
  it("takes an old version that never failed for one that fails one time in a hundred", () =>
    expect(
      planErrorLimits(
        plan(5_000, () => ({ front: makeFront(10, 0) })),
        limits,
        null,
      ).usual,
    ).toBe(0.01));
});
