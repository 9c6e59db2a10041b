import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { summariseNumbers, wilsonInterval } from "./summarise-numbers.ts";

describe("numbers summed up", () => {
  it("are nothing where there are none", () => expect(summariseNumbers([])).toBeUndefined());
  for (const [numbers, median, p90] of [
    [[7], 7, 7],
    [[1, 2], 1.5, 1.9],
    [[9, 1, 5], 5, 8.2],
    [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], 6, 10],
    [[10, 9, 100], 10, 82],
  ] as const)
    it(`have the median ${median} and the 90th percentile ${p90} (${numbers.join(", ")})`, () => {
      expect(summariseNumbers(numbers)).toMatchObject({ n: numbers.length, median });
      expect(summariseNumbers(numbers)?.p90).toBeCloseTo(p90, 9);
    });
  it("are in the order of their names, whatever they are", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 10 ** 12 }), { minLength: 1 }), (numbers) => {
        const { mean, median, p90, longest } = summariseNumbers(numbers) ?? { mean: Number.NaN, median: 0, p90: 0, longest: 0 };
        expect(longest).toBe(Math.max(...numbers));
        expect(median).toBeLessThanOrEqual(p90);
        expect(p90).toBeLessThanOrEqual(longest);
        expect(mean).toBeGreaterThanOrEqual(Math.min(...numbers));
        expect(mean).toBeLessThanOrEqual(longest);
      }),
    );
  });
});

describe("Wilson's interval at 95 %", () => {
  for (const [count, trials, lower, upper] of [
    [10, 100, 0.05523, 0.17437],
    [0, 100, 0, 0.03699],
    [100, 100, 0.96301, 1],
    [1, 1, 0.20655, 1],
    [0, 0, 0, 1],
  ] as const)
    it(`of ${count} of ${trials} is ${lower} to ${upper}`, () => {
      expect(wilsonInterval(count, trials).lower).toBeCloseTo(lower, 5);
      expect(wilsonInterval(count, trials).upper).toBeCloseTo(upper, 5);
    });
});
