import { describe, expect, it } from "vitest";
import { compareQuantiles } from "./compare-quantiles.ts";
import { fewestSamples, planRanks, readQuantileBounds } from "./quantile-bounds.ts";
import { createSeededRandom } from "./seeded-random.ts";

describe("how many samples a bound of a quantile takes (Wilks)", () => {
  for (const [quantile, alpha, samples] of [
    [0.5, 0.05, 5],
    [0.9, 0.05, 29],
    [0.95, 0.05, 59],
    [0.99, 0.05, 299],
    [0.999, 0.05, 2_995],
    // Two-sided 95 %, each side at 0.025.
    [0.95, 0.025, 72],
    [0.99, 0.025, 368],
  ] as const) {
    it(`is ${samples} for ${quantile} at ${alpha}`, () => expect(fewestSamples(quantile, alpha)).toBe(samples));
    it(`agrees with the ranks for ${quantile} at ${alpha}`, () => {
      expect(planRanks(samples, quantile, alpha)).toMatchObject({ lower: expect.any(Number), upper: samples });
      expect(planRanks(samples - 1, quantile, alpha).upper).toBeUndefined();
    });
  }
});

describe("the ranks of the bounds", () => {
  // Summed elsewhere in exact fractions: the largest r with P(Bin <= r - 1) <= α, and the smallest s with P(Bin >= s) <= α.
  for (const [samples, quantile, alpha, lower, upper] of [
    [10, 0.5, 0.025, 2, 9],
    [20, 0.5, 0.025, 6, 15],
    [12, 0.5, 0.025, 3, 10],
    [100, 0.5, 0.025, 40, 61],
    [100, 0.95, 0.05, 91, 99],
    [400, 0.95, 0.025, 371, 389],
    [1_000, 0.99, 0.025, 983, 997],
  ] as const)
    it(`are ${lower} and ${upper} of ${samples} for ${quantile} at ${alpha}`, () => expect(planRanks(samples, quantile, alpha)).toEqual({ lower, upper }));

  it("err no more often than promised", () => {
    const random = createSeededRandom(11);
    let [tooHigh, tooLow] = [0, 0];
    for (let run = 0; run < 2_000; run += 1) {
      const bounds = readQuantileBounds(Array.from({ length: 120 }, random), 0.95, 0.05);
      if ((bounds?.lower ?? 0) > 0.95) tooHigh += 1;
      if ((bounds?.upper ?? 1) < 0.95) tooLow += 1;
    }
    // 5 % of 2000 are 100; three standard deviations more are 130.
    expect(tooHigh).toBeLessThanOrEqual(130);
    expect(tooLow).toBeLessThanOrEqual(130);
  });

  it("are none without samples", () => expect(readQuantileBounds([], 0.5, 0.05)).toBeUndefined());
  it("are the value itself where all are equal", () =>
    expect(readQuantileBounds(Array(100).fill(7), 0.95, 0.05)).toEqual({ samples: 100, estimate: 7, lower: 7, upper: 7 }));
});

describe("a quantile against another", () => {
  const bounds = (lower: number, estimate: number, upper: number) => ({ samples: 240, estimate, lower, upper });
  const allowance = { times: 1.2, floor: 2 };
  const compare = (old: readonly [number, number, number], its: readonly [number, number, number]) =>
    compareQuantiles(bounds(...old), bounds(...its), allowance, 72);
  it("is beyond only where even its lower bound is more than the old one's upper bound allows", () => {
    expect(compare([16, 18, 20], [25, 31, 36])).toMatchObject({ kind: "beyond", lowerRatio: 1.25 });
    expect(compare([16, 18, 20], [24, 31, 36])).toMatchObject({ kind: "open" });
  });
  it("is within only where even its upper bound is no more than the old one's lower bound allows", () => {
    expect(compare([100, 102, 104], [100, 110, 120])).toMatchObject({ kind: "within", upperRatio: 1.2 });
    expect(compare([100, 102, 104], [100, 110, 121])).toMatchObject({ kind: "open" });
  });
  it("passes small differences over, however large their ratio", () => {
    expect(compare([0.2, 0.3, 0.4], [1.5, 1.8, 2.1])).toMatchObject({ kind: "within" });
    expect(compare([0, 0, 0], [1, 1, 1])).toMatchObject({ kind: "within" });
    expect(compare([0, 0, 0], [3, 3, 3])).toMatchObject({ kind: "beyond", lowerRatio: Number.POSITIVE_INFINITY });
  });
  it("tells how many samples would decide: four times as many halve the doubt", () => {
    const { needed } = compare([90, 100, 110], [90, 100, 130]);
    // The upper bound reaches 30 above, the allowance 12 below its own estimate; 20 are left between the estimates.
    expect(needed).toBe(Math.ceil(240 * (42 / 20) ** 2));
  });
  it("says nothing from too few", () =>
    expect(compareQuantiles({ samples: 3, estimate: 1, lower: 1, upper: undefined }, bounds(1, 1, 1), allowance, 72)).toMatchObject({
      kind: "few",
      needed: 72,
    }));
  it("refuses a version that is just at the limit in at most one of twenty comparisons", () => {
    const random = createSeededRandom(5);
    let wrong = 0;
    for (let run = 0; run < 1_000; run += 1) {
      const old = Array.from({ length: 200 }, () => 10 * -Math.log(random()));
      const its = Array.from({ length: 200 }, () => 12 * -Math.log(random()));
      const [one, other] = [readQuantileBounds(old, 0.95, 0.025), readQuantileBounds(its, 0.95, 0.025)];
      if (one !== undefined && other !== undefined && compareQuantiles(one, other, { times: 1.2, floor: 0 }, 72).kind !== "open") wrong += 1;
    }
    expect(wrong).toBeLessThanOrEqual(50);
  });
});
