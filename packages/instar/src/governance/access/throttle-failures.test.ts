import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NO_FAILURES, type Throttled, throttleFailures } from "./throttle-failures.ts";

const fail = (times: readonly number[]): Throttled[] => {
  let failures = NO_FAILURES;
  return times.map((nowMs) => {
    const throttled = throttleFailures(failures, nowMs);
    failures = throttled.failures;
    return throttled;
  });
};
const every = (ms: number, count: number, fromMs = 0) => Array.from({ length: count }, (_, index) => fromMs + index * ms);

describe("tries that fail", () => {
  it("ten within a minute are somebody's mistakes; the eleventh is told to wait", () => {
    expect(fail(every(1_000, 11)).map(({ retryAfterMs }) => retryAfterMs)).toEqual([...Array(10).fill(null), 5_000]);
  });
  it("ten a minute for ever are told nothing", () => {
    expect(fail(every(6_001, 500)).every(({ retryAfterMs }) => retryAfterMs === null)).toBe(true);
  });
  it("each pause is twice as long as the one before, up to five minutes", () => {
    const pauses = [...new Set(fail([...every(1, 11), ...every(1_000, 3_000, 100)]).map(({ failures }) => failures.episode?.untilMs ?? 0))];
    const lengths = pauses.slice(2).map((until, index) => until - (pauses[index + 1] ?? 0));
    expect(lengths.map((ms) => Math.round(ms / 1_000)).slice(0, 7)).toEqual([10, 20, 40, 80, 160, 300, 300]);
  });
  it("a thousand in a row are one episode", () => {
    expect(fail(every(10, 1_000)).filter(({ beginsEpisode }) => beginsEpisode)).toHaveLength(1);
  });
  it("after a long quiet time somebody who mistypes is a person again", () => {
    const [last] = fail([...every(1, 11), 3_600_000]).slice(-1);
    expect(last).toMatchObject({ retryAfterMs: null, failures: { episode: null } });
  });
  it("nobody waits longer than five minutes, and no memory grows", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 400_000 }), { maxLength: 300 }), (steps) => {
        let nowMs = 0;
        for (const { retryAfterMs, failures } of fail(steps.map((step) => (nowMs += step)))) {
          expect(retryAfterMs ?? 1).toBeGreaterThan(0);
          expect(retryAfterMs ?? 0).toBeLessThanOrEqual(300_000);
          expect(failures.atMs.length).toBeLessThanOrEqual(10);
        }
      }),
    );
  });
});
