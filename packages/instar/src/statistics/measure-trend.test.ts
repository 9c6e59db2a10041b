import { describe, expect, it } from "vitest";
import { measureTrend } from "./measure-trend.ts";
import { medianOf, robustSpread } from "./robust-spread.ts";

describe("a trend", () => {
  it("of ten rising values is 44 / √125 standard deviations", () => {
    const { z, slope } = measureTrend([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(z).toBeCloseTo(44 / Math.sqrt(125), 12);
    expect(slope).toBe(1);
  });
  // S = 4 of the pairs of 1 2 2 3 with one tie: variance (4·3·13 - 2·1·9) / 18 = 7.667.
  it("counts ties for less", () => expect(measureTrend([1, 2, 2, 3]).z).toBeCloseTo(4 / Math.sqrt(138 / 18), 12));
  it("of equal values is none", () => expect(measureTrend([5, 5, 5, 5])).toEqual({ z: 0, slope: 0 }));
  it("is not moved by one outlier", () => expect(measureTrend([1, 2, 3, 1_000, 5, 6, 7]).slope).toBe(1));
  it("has the other sign when values fall", () => expect(measureTrend([3, 2, 1]).z).toBe(-measureTrend([1, 2, 3]).z));
});

describe("a robust spread", () => {
  it("is 1.4826 times the median distance", () => expect(robustSpread([4, 2, 3, 1, 5, 900])).toBeCloseTo(1.4826 * 1.5, 12));
  it("takes the mean distance where most values are equal", () => expect(robustSpread([0, 0, 0, 0, 8])).toBeCloseTo((1.2533 * 8) / 5, 12));
  it("is wider where neighbours resemble each other", () =>
    expect(robustSpread([1, 1, 2, 2, 3, 3, 2, 2, 1, 1])).toBeGreaterThan(robustSpread([1, 3, 1, 3, 2, 1, 2, 1, 2, 2]) * 1.3));
  it("is nothing where nothing varies", () => expect(robustSpread([2, 2, 2])).toBe(0));
  it("rests on a median that is none without values", () => expect([medianOf([]), medianOf([3, 1]), medianOf([9, 1, 2])]).toEqual([undefined, 2, 2]));
});
