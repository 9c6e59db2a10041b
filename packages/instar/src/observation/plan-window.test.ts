import { describe, expect, it } from "vitest";
import { planWindow } from "./plan-window.ts";

const HOUR_MS = 3_600_000;

describe("how long a version is watched", () => {
  for (const [risk, hours] of [
    ["minimal", 1],
    ["low", 1],
    ["medium", 6],
    ["high", 24],
    ["critical", 72],
  ] as const)
    it(`is ${hours} h at ${risk} risk, and at most twice that where evidence is missing`, () =>
      expect(planWindow(risk, {})).toEqual({ windowMs: hours * HOUR_MS, maxMs: 2 * hours * HOUR_MS, onUnverified: "hold" }));

  it("is what the operator says, who also says what becomes of the unverified", () =>
    expect(planWindow("critical", { time: 60_000, onUnverified: "keep" })).toEqual({ windowMs: 60_000, maxMs: 120_000, onUnverified: "keep" }));
});
