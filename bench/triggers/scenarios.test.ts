import { describe, expect, it } from "vitest";
import { runWindow } from "./run-window.ts";
import { SCENARIOS, type Scenario } from "./scenarios.ts";

/** A few short windows each: the full run is `npm run simulate:triggers`. */
const QUIET_WINDOWS = 1;
const QUIET_HOURS = 2;
const FAULT_WINDOWS = 3;

const windowsOf = (scenario: Scenario, count: number) => Array.from({ length: count }, (_, index) => runWindow(scenario, 100 + index));

describe("a version that is as the old one was", () => {
  for (const scenario of SCENARIOS.filter(({ wants }) => wants === "quiet"))
    it(`is neither taken back nor held: ${scenario.name}`, () =>
      expect(windowsOf({ ...scenario, hours: QUIET_HOURS, baselineHours: Math.min(2, scenario.baselineHours) }, QUIET_WINDOWS)).toEqual(
        Array(QUIET_WINDOWS).fill(expect.objectContaining({ rollback: undefined, pause: undefined })),
      ));
});

describe("a version that is worse", () => {
  for (const scenario of SCENARIOS.filter(({ wants }) => wants !== "quiet"))
    it(`is found (${scenario.wants}): ${scenario.name}`, () => {
      const delays = windowsOf(scenario, FAULT_WINDOWS)
        .map(({ rollback, pause, faultMs }) => ((scenario.wants === "pause" ? (pause ?? rollback) : rollback)?.atMs ?? Number.POSITIVE_INFINITY) - faultMs)
        .sort((one, other) => one - other);
      expect(delays[0]).toBeGreaterThan(0);
      expect(delays[FAULT_WINDOWS - 1]).toBeLessThan(scenario.hours * 3_600_000);
      expect(delays[FAULT_WINDOWS >> 1]).toBeLessThanOrEqual(scenario.withinMs ?? Number.POSITIVE_INFINITY);
    });
});

it("the same seed gives the same watch", () => {
  const scenario = SCENARIOS.find(({ wants }) => wants === "roll-back");
  expect(scenario && runWindow(scenario, 5)).toEqual(scenario && runWindow(scenario, 5));
  expect(scenario && runWindow(scenario, 5)).not.toEqual(scenario && runWindow(scenario, 6));
});
