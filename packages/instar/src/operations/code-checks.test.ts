import { InstarError } from "@instar/protocol";
import { describe, expect, it } from "vitest";
import type { Clock } from "../platform/clock.ts";
import { type CheckEnd, CodeChecks } from "./code-checks.ts";
import { NoteCount } from "./note-count.ts";

class ScriptedClock implements Clock {
  nowMs = 0;
  readonly slept: number[] = [];
  wallMs = () => this.nowMs;
  monotonicMs = () => this.nowMs;
  sleep = async (ms: number): Promise<void> => {
    this.slept.push(ms);
    this.nowMs += ms;
  };
}

const of = { commit: "c".repeat(40), changed: ["a.js"] };
const passed: CheckEnd = { state: "passed", because: "fine", code: null, output: "all of it" };
const make = () => {
  const clock = new ScriptedClock();
  let made = 0;
  return { clock, checks: new CodeChecks({ clock, newId: () => `check-${++made}` }) };
};

describe("checks of an agent's code", () => {
  it("are told from their beginning to their end, by their id or as the newest", async () => {
    const { checks } = make();
    const begun = checks.begin(of, async (tell) => {
      tell({ impact: { impactLevel: "low", risk: "low", because: [] } });
      return passed;
    });
    expect(begun).toMatchObject({ id: "check-1", state: "running", endedAt: null });
    expect(await checks.look("check-1", 1_000)).toMatchObject({ state: "passed", output: "all of it", impact: { risk: "low" }, endedAt: expect.any(String) });
    expect(await checks.look(undefined, 0)).toMatchObject({ id: "check-1" });
    await expect(checks.look("check-9", 0)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("are not waited for longer than was asked", async () => {
    const { checks, clock } = make();
    checks.begin(of, () => new Promise(() => undefined));
    expect(await checks.look(undefined, 20_000)).toMatchObject({ state: "running" });
    expect(clock.slept).toEqual([20_000]);
  });

  it("are made one at a time", async () => {
    const { checks } = make();
    let end = (_: CheckEnd) => {};
    checks.begin(of, () => new Promise((resolve) => (end = resolve)));
    expect(() => checks.begin(of, async () => passed)).toThrow(expect.objectContaining({ code: "CONFLICT" }));
    end(passed);
    await checks.look(undefined, 1_000);
    expect(checks.begin(of, async () => passed).state).toBe("running");
  });

  it("that cannot be made say why, and the next one can", async () => {
    const { checks } = make();
    checks.begin(of, async () => {
      throw new InstarError("DISK_FULL", "no space is left");
    });
    expect(await checks.look(undefined, 1_000)).toMatchObject({ state: "error", code: "DISK_FULL", because: "no space is left" });
    checks.assertNone();
  });

  it("are remembered ten at a time", async () => {
    const { checks } = make();
    for (let times = 0; times < 12; times += 1) {
      checks.begin(of, async () => passed);
      await checks.look(undefined, 1_000);
    }
    await expect(checks.look("check-2", 0)).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await checks.look("check-3", 0)).toMatchObject({ state: "passed" });
  });
});

describe("notes on the ledger", () => {
  it("are 120 an hour and no more, whenever the hour begins", () => {
    const clock = new ScriptedClock();
    const count = new NoteCount(clock);
    for (let times = 0; times < 120; times += 1, clock.nowMs += 1_000) count.add();
    expect(() => count.add()).toThrow(expect.objectContaining({ code: "RATE_LIMITED", facts: { retryAfterSeconds: 3_480 } }));
    clock.nowMs = 3_600_000;
    count.add();
    expect(() => count.add()).toThrow(InstarError);
  });
});
