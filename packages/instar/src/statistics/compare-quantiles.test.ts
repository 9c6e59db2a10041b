import { describe, expect, it } from "vitest";
import { createBinomialTails } from "./binomial-tails.ts";
import { compareQuantiles, fewestSamples, type QuantileClaim } from "./compare-quantiles.ts";
import { createSeededRandom } from "./seeded-random.ts";

describe("the tails of a binomial distribution", () => {
  // The fewest samples from which the largest is an upper bound of a quantile at 95 % (Wilks 1941), one-sided and two-sided.
  for (const [quantile, alpha, samples] of [
    [0.5, 0.05, 5],
    [0.9, 0.05, 29],
    [0.95, 0.05, 59],
    [0.99, 0.05, 299],
    [0.999, 0.05, 2_995],
    [0.95, 0.025, 72],
    [0.99, 0.025, 368],
  ] as const)
    it(`give Wilks's ${samples} for ${quantile} at ${alpha}`, () => {
      expect(createBinomialTails(samples, 1 - quantile).atMost(0)).toBeLessThanOrEqual(alpha);
      expect(createBinomialTails(samples - 1, 1 - quantile).atMost(0)).toBeGreaterThan(alpha);
    });

  // Summed elsewhere in exact fractions: the largest r with P(X <= r - 1) <= α, and the smallest s with P(X >= s) <= α.
  for (const [trials, share, alpha, lower, upper] of [
    [10, 0.5, 0.025, 2, 9],
    [12, 0.5, 0.025, 3, 10],
    [100, 0.5, 0.025, 40, 61],
    [100, 0.95, 0.05, 91, 99],
    [400, 0.95, 0.025, 371, 389],
    [1_000, 0.99, 0.025, 983, 997],
    [280, 0.95, 0.015, 258, 274],
  ] as const)
    it(`turn at ${lower} and ${upper} of ${trials} for ${share} at ${alpha}`, () => {
      const { atMost, atLeast } = createBinomialTails(trials, share);
      expect([atMost(lower - 1) <= alpha, atMost(lower) <= alpha]).toEqual([true, false]);
      expect([atLeast(upper) <= alpha, atLeast(upper - 1) <= alpha]).toEqual([true, false]);
    });

  it("end at nothing and at everything", () => {
    const { atMost, atLeast } = createBinomialTails(20_000, 0.05);
    expect([atMost(-1), atMost(20_000), atMost(30_000), atLeast(0), atLeast(-5), atLeast(20_001)]).toEqual([
      0,
      expect.closeTo(1, 9),
      expect.closeTo(1, 9),
      expect.closeTo(1, 9),
      expect.closeTo(1, 9),
      0,
    ]);
  });
});

describe("how many samples anything takes", () => {
  // c (1 - ln c) = α for the product c of both p-values, of which one is 1 at worst: c is 0.0087 for 0.05 (χ² with four degrees: 9.488).
  for (const [quantile, alpha, samples] of [
    [0.95, 0.05, 93],
    [0.5, 0.05, 7],
    [0.95, 0.03, 105],
  ] as const)
    it(`is ${samples} for ${quantile} at ${alpha}`, () => expect(fewestSamples(quantile, alpha)).toBe(samples));
});

const claim: QuantileClaim = { quantile: 0.95, alpha: 0.05, times: 1.2, floor: 0 };
const draw = (random: () => number, count: number, scale: number) => Array.from({ length: count }, () => scale * -Math.log(random()));

describe("a quantile against another", () => {
  const steps = (scale: number, count = 400) => Array.from({ length: count }, (_, index) => scale * (100 + index / 10));
  it("is beyond where it is twice as large", () => expect(compareQuantiles(steps(1), steps(2), claim)).toMatchObject({ kind: "beyond", needed: undefined }));
  it("is within where it is the same", () => expect(compareQuantiles(steps(1), steps(1), claim)).toMatchObject({ kind: "within", needed: undefined }));
  it("is open where it is just at the limit: neither can be claimed", () => expect(compareQuantiles(steps(1), steps(1.2), claim)?.kind).toBe("open"));
  it("has its ratio between its bounds", () => {
    const { lowerRatio, upperRatio } = compareQuantiles(steps(1), steps(1.2), claim) ?? {};
    expect(lowerRatio).toBeGreaterThan(1.15);
    expect(lowerRatio).toBeLessThan(1.2);
    expect(upperRatio).toBeGreaterThan(1.2);
    expect(upperRatio).toBeLessThan(1.25);
  });
  it("passes small differences over, however large their ratio", () => {
    const [small, larger, large] = [Array(200).fill(0.3), Array(200).fill(2.1), Array(200).fill(2.4)];
    expect(compareQuantiles(small, larger, { ...claim, floor: 2 })).toMatchObject({ kind: "within" });
    expect(compareQuantiles(small, large, { ...claim, floor: 2 })).toMatchObject({ kind: "beyond" });
    expect(compareQuantiles(Array(200).fill(0), larger, { ...claim, floor: 2.5 })).toMatchObject({ kind: "within" });
  });
  it("claims nothing from too few, and says how many it takes", () =>
    expect(compareQuantiles(steps(1, 92), steps(9, 92), claim)).toMatchObject({ kind: "few", needed: 93, lowerRatio: undefined }));
  it("tells how many samples would decide", () => {
    const random = createSeededRandom(4);
    const { kind, needed } = compareQuantiles(draw(random, 200, 10), draw(random, 200, 10), claim) ?? {};
    expect(kind).toBe("open");
    expect(needed).toBeGreaterThan(200);
  });
  it("is nothing without samples", () => expect(compareQuantiles([], [1], claim)).toBeUndefined());
  it("bears what never ended", () =>
    expect(compareQuantiles(steps(1), Array(400).fill(Number.POSITIVE_INFINITY), claim)).toMatchObject({ kind: "beyond", lowerRatio: undefined }));
});

describe("what is claimed of a version just at the limit", () => {
  for (const [name, quantile, count, sample] of [
    ["a long tail", 0.95, 200, (random: () => number) => -Math.log(random())],
    ["no tail at all", 0.95, 200, (random: () => number) => 1 + random()],
    ["few medians", 0.5, 12, (random: () => number) => 1 + random() ** 3],
    ["times in whole milliseconds", 0.95, 200, (random: () => number) => Math.ceil(-20 * Math.log(random())) / 20],
  ] as const)
    it(`is wrong in at most one of twenty: ${name}`, () => {
      const random = createSeededRandom(5);
      let [beyond, within] = [0, 0];
      for (let run = 0; run < 400; run += 1) {
        const old = Array.from({ length: count }, () => sample(random));
        const its = Array.from({ length: count }, () => 1.2 * sample(random));
        const kind = compareQuantiles(old, its, { ...claim, quantile })?.kind;
        if (kind === "beyond") beyond += 1;
        if (kind === "within") within += 1;
      }
      // 20 are expected at most; three standard deviations more are 33.
      expect(beyond).toBeLessThanOrEqual(33);
      expect(within).toBeLessThanOrEqual(33);
    });

  it("is right most of the time where it is half again as slow, from 400 requests with a long tail", () => {
    const random = createSeededRandom(6);
    let beyond = 0;
    for (let run = 0; run < 100; run += 1) if (compareQuantiles(draw(random, 400, 10), draw(random, 400, 18), claim)?.kind === "beyond") beyond += 1;
    expect(beyond).toBeGreaterThan(70);
  });
});
