import { describe, expect, it } from "vitest";
import { SimulatedClock } from "./simulated-clock.ts";

describe("a simulated clock", () => {
  it("stands until it is told to move", () => {
    const clock = new SimulatedClock({ wallMs: 5, monotonicMs: 7 });
    expect([clock.wallMs(), clock.monotonicMs()]).toEqual([5, 7]);
    clock.advance(10);
    expect([clock.wallMs(), clock.monotonicMs()]).toEqual([15, 17]);
    clock.jumpWall(-100);
    expect([clock.wallMs(), clock.monotonicMs()]).toEqual([-85, 17]);
  });

  it("wakes who slept long enough, the earliest first, and nobody else", async () => {
    const clock = new SimulatedClock();
    const woken: number[] = [];
    for (const ms of [300, 100, 200]) void clock.sleep(ms).then(() => woken.push(ms));
    clock.advance(250);
    await Promise.resolve();
    await expect.poll(() => woken, { timeout: 40_000 }).toEqual([100, 200]);
    expect(clock.sleepers).toBe(1);
    clock.jumpWall(1e9);
    expect(clock.sleepers).toBe(1);
  });

  it("gives the reason of a signal that aborts, before the sleep and in it", async () => {
    const clock = new SimulatedClock();
    await expect(clock.sleep(1, AbortSignal.abort(new Error("before")))).rejects.toThrow("before");
    const stop = new AbortController();
    const sleep = clock.sleep(1, stop.signal);
    stop.abort(new Error("within"));
    await expect(sleep).rejects.toThrow("within");
    expect(clock.sleepers).toBe(0);
  });

  it("skips sleep where it was made so, and moves by just that", async () => {
    const clock = new SimulatedClock({ monotonicMs: 0, whenAsleep: "skip" });
    await clock.sleep(1_500);
    expect(clock.monotonicMs()).toBe(1_500);
  });
});
