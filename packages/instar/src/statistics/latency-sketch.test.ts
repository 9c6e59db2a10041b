import fc from "fast-check";
import { expect, test } from "vitest";
import { addToSketch, countAbove, emptySketch, type LatencySketch, mergeSketches, quantileOfSketch, subtractSketch } from "./latency-sketch.ts";

const latencies = fc.array(fc.double({ min: 0.02, max: 1_000_000, noNaN: true }), { minLength: 1, maxLength: 200 });

test("every quantile is within two percent of the true one", () => {
  fc.assert(
    fc.property(latencies, fc.double({ min: 0, max: 1, noNaN: true }), (values, quantile) => {
      const sorted = [...values].sort((left, right) => left - right);
      const exact = sorted[Math.floor(quantile * (sorted.length - 1))] ?? Number.NaN;
      const found = quantileOfSketch(sketchOf(values), quantile) ?? Number.NaN;
      expect(Math.abs(found - exact)).toBeLessThanOrEqual(exact * 0.02 * (1 + 1e-9));
    }),
  );
});

test("adding up two sketches gives the sketch of all their values, and taking one away gives the other", () => {
  fc.assert(
    fc.property(latencies, latencies, (left, right) => {
      const all = sketchOf([...left, ...right]);
      const merged = mergeSketches(sketchOf(left), sketchOf(right));
      expect(merged).toEqual(all);
      expect(subtractSketch(merged, sketchOf(left))).toEqual(sketchOf(right));
    }),
  );
});

test("what is counted above a limit is above it, and misses no value that is more than a bucket above", () => {
  fc.assert(
    fc.property(latencies, fc.double({ min: 0.02, max: 1_000_000, noNaN: true }), (values, limitMs) => {
      const above = countAbove(sketchOf(values), limitMs);
      expect(above).toBeLessThanOrEqual(values.filter((value) => value > limitMs).length);
      expect(above).toBeGreaterThanOrEqual(values.filter((value) => value > limitMs * 1.05).length);
    }),
  );
});

test("a sketch survives being written as JSON", () => {
  fc.assert(
    fc.property(latencies, (values) => {
      expect(JSON.parse(JSON.stringify(sketchOf(values)))).toEqual(sketchOf(values));
    }),
  );
});

test("values that cannot be are kept in bounds, and a sketch without values has no quantile", () => {
  const sketch = sketchOf([0, -5, Number.NaN, Number.POSITIVE_INFINITY]);
  expect(sketch.count).toBe(4);
  expect(quantileOfSketch(sketch, 0)).toBeLessThan(0.011);
  expect(quantileOfSketch(sketch, 1)).toBeGreaterThan(84_000_000);
  expect(quantileOfSketch(emptySketch(), 0.5)).toBeUndefined();
});

function sketchOf(values: readonly number[]): LatencySketch {
  const sketch = emptySketch();
  for (const value of values) addToSketch(sketch, value);
  return sketch;
}
