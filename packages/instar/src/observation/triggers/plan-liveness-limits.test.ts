import { describe, expect, it } from "vitest";
import { planRestartLimit, planUnhealthyInRow } from "./plan-liveness-limits.ts";

const HOUR_MS = 3_600_000;

describe("how many health checks in a row", () => {
  for (const [name, health, hours, needed] of [
    ["are three for an old version that hardly ever failed one", { probes: 4_320, failed: 1 }, 144, 3],
    ["are three in a short window where little is known", { probes: 0, failed: 0 }, 1, 3],
    ["are one more in a long window where little is known", { probes: 0, failed: 0 }, 72, 4],
    ["are one more at 2 % of flakes", { probes: 10_000, failed: 200 }, 24, 4],
    ["are more than that at 5 %", { probes: 10_000, failed: 500 }, 144, 6],
    ["are twelve at most: a version that is always unhealthy is found", { probes: 100, failed: 90 }, 144, 12],
  ] as const)
    it(name, () => expect(planUnhealthyInRow(health, hours * HOUR_MS)).toBe(needed));
});

describe("how many restarts within an hour", () => {
  it("are three where the old version never ended by itself", () => expect(planRestartLimit({ restarts: 0, coveredMs: 24 * HOUR_MS }, 144 * HOUR_MS)).toBe(3));
  it("are three where nothing is known", () => expect(planRestartLimit({ restarts: 0, coveredMs: 0 }, HOUR_MS)).toBe(3));
  it("are more where the old version ended once an hour", () => expect(planRestartLimit({ restarts: 23, coveredMs: 24 * HOUR_MS }, 144 * HOUR_MS)).toBe(9));
  it("are hardly more where it ended once a day", () => expect(planRestartLimit({ restarts: 1, coveredMs: 24 * HOUR_MS }, 24 * HOUR_MS)).toBe(4));
});
