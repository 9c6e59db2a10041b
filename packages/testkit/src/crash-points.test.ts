import { describe, expect, it } from "vitest";
import { CrashPoints, SimulatedCrash } from "./crash-points.ts";

describe("crash points", () => {
  it("kill at the chosen write, and nothing of that life writes afterwards", () => {
    const points = new CrashPoints();
    points.plan(1);
    points.pass("first");
    expect(() => points.pass("second")).toThrow(SimulatedCrash);
    expect(() => points.pass("third")).toThrow("killed: after second");
    expect(() => points.assertAlive()).toThrow(SimulatedCrash);
    expect(points.isDead).toBe(true);
  });

  it("let the next life pass until they are planned again", () => {
    const points = new CrashPoints();
    points.plan(0);
    expect(() => points.pass("first")).toThrow();
    points.restart();
    for (let write = 0; write < 100; write += 1) points.pass("write");
    expect(points.isDead).toBe(false);
  });
});
