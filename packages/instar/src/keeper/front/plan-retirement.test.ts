import fc from "fast-check";
import { expect, test } from "vitest";
import { planRetirement } from "./plan-retirement.ts";

test.each([
  ["nobody", { count: 0, group: 5, withinMs: 1_000 }, []],
  ["one group", { count: 5, group: 5, withinMs: 1_000 }, [{ size: 5, afterMs: 0 }]],
  ["groups over three quarters of the time", { count: 7, group: 3, withinMs: 4_000 }, [at(3, 0), at(3, 1_000), at(1, 2_000)]],
  [
    "larger groups where the steps would come too fast",
    { count: 1_000, group: 1, withinMs: 160 },
    [0, 20, 40, 60, 80, 100].map((ms, step) => at(step < 5 ? 167 : 165, ms)),
  ],
  ["two even where there is no time", { count: 10, group: 2, withinMs: 0 }, [at(5, 0), at(5, 0)]],
  ["one at a time for a group of none", { count: 2, group: 0, withinMs: 4_000 }, [at(1, 0), at(1, 1_500)]],
])("%s", (_, asked, expected) => {
  expect(planRetirement(asked)).toEqual(expected);
});

function at(size: number, afterMs: number) {
  return { size, afterMs };
}

test("everybody has a turn in time, no group is empty, and all at once only where one group holds all", () => {
  fc.assert(
    fc.property(fc.nat(20_000), fc.integer({ min: 1, max: 500 }), fc.nat(120_000), (count, group, withinMs) => {
      const steps = planRetirement({ count, group, withinMs });
      expect(steps.reduce((sum, { size }) => sum + size, 0)).toBe(count);
      expect(steps.every(({ size, afterMs }) => size > 0 && afterMs <= withinMs)).toBe(true);
      expect(steps.length > 1).toBe(count > group);
      const gaps = steps.slice(1).map(({ afterMs }, before) => afterMs - (steps[before]?.afterMs ?? 0));
      if (steps.length > 2) expect(Math.min(...gaps)).toBeGreaterThanOrEqual(20 - 1e-6);
      if (steps.some(({ size }) => size > group)) expect(gaps[0]).toBeLessThan(40.1); // Larger than wanted only where time is short.
    }),
  );
});
