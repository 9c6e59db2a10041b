import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { logEvidenceAgainstShare, upperShareBound } from "./error-share-evidence.ts";

describe("the upper bound of a share", () => {
  // Clopper-Pearson, one-sided 95 %: the rule of three is its limit; R's binom.test(x, n, alternative = "less")$conf.int gives these.
  for (const [failed, requests, bound] of [
    [0, 10, 0.2588656],
    [0, 100, 0.029513],
    [1, 20, 0.2161061],
    [5, 100, 0.1022534],
    [50, 1000, 0.0628634],
  ] as const)
    it(`is ${bound} for ${failed} of ${requests}`, () => expect(upperShareBound(failed, requests, 0.05)).toBeCloseTo(bound, 5));

  it("is 1 where nothing was seen, and never below what was seen", () => {
    expect(upperShareBound(0, 0, 0.05)).toBe(1);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (requests, part) => {
        const failed = Math.floor(part * requests);
        const bound = upperShareBound(failed, requests, 0.01);
        expect(bound).toBeGreaterThanOrEqual(failed / requests);
        expect(bound).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe("evidence against an allowed share", () => {
  it("is nothing where nothing was seen", () => expect(logEvidenceAgainstShare(0, 0, 0.1)).toBe(0));

  it("has an expected value of at most one under the allowed share, at any sample size", () => {
    for (const requests of [1, 5, 40]) {
      let expected = 0;
      for (let failed = 0; failed <= requests; failed += 1)
        expected += choose(requests, failed) * 0.1 ** failed * 0.9 ** (requests - failed) * Math.exp(logEvidenceAgainstShare(failed, requests, 0.1));
      expect(expected).toBeCloseTo(1, 9);
    }
  });

  it("raises no more false alarms than promised when it is asked after every request", () => {
    const random = mulberry(7);
    let alarms = 0;
    for (let run = 0; run < 400; run += 1) {
      let failed = 0;
      for (let requests = 1; requests <= 500; requests += 1) {
        if (random() < 0.1) failed += 1;
        if (logEvidenceAgainstShare(failed, requests, 0.1) >= Math.log(100)) {
          alarms += 1;
          break;
        }
      }
    }
    expect(alarms).toBeLessThanOrEqual(12);
  });

  it("notices one failure in three soon", () => expect(logEvidenceAgainstShare(15, 45, 0.1)).toBeGreaterThan(Math.log(100)));
});

function choose(n: number, k: number): number {
  let value = 1;
  for (let index = 1; index <= k; index += 1) value = (value * (n - k + index)) / index;
  return value;
}

function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
