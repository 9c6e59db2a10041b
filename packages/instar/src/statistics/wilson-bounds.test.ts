import { describe, expect, it } from "vitest";
import { normalQuantile } from "./normal-quantile.ts";
import { wilsonBounds } from "./wilson-bounds.ts";

const z = normalQuantile(0.975);

describe("Wilson's bounds at 95 %", () => {
  for (const [count, trials, lower, upper] of [
    [10, 100, 0.05523, 0.17437],
    [0, 100, 0, 0.03699],
    [100, 100, 0.96301, 1],
  ] as const)
    it(`are ${lower} and ${upper} for ${count} of ${trials}`, () => {
      expect(wilsonBounds(count, trials, z).lower).toBeCloseTo(lower, 5);
      expect(wilsonBounds(count, trials, z).upper).toBeCloseTo(upper, 5);
    });
  // The fewest failures whose lower bound is above 10 %.
  for (const [count, trials] of [
    [2, 5],
    [3, 10],
    [5, 20],
    [10, 50],
    [16, 100],
    [29, 200],
  ] as const)
    it(`are above 10 % from ${count} of ${trials} on`, () => {
      expect(wilsonBounds(count, trials, z).lower).toBeGreaterThan(0.1);
      expect(wilsonBounds(count - 1, trials, z).lower).toBeLessThanOrEqual(0.1);
    });
  it("are everything where nothing was tried", () => expect(wilsonBounds(0, 0, z)).toEqual({ lower: 0, upper: 1 }));
});
