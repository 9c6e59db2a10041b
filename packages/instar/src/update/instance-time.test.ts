import { SimulatedClock } from "@instar/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Facts } from "../database/facts.ts";
import { InstanceTime } from "./instance-time.ts";
import { type OpenJournal, openJournal } from "./open-journal.testing.ts";
import { planNextMove } from "./plan-next-move.ts";
import { applying, done, tellJournal, waiting } from "./tell-journal.testing.ts";

let open: OpenJournal;
let facts: Facts;
beforeEach(() => {
  open = openJournal();
  facts = new Facts(open.database);
});
afterEach(() => open.close());

describe("the instance's time", () => {
  it("moves with the monotonic clock", () => {
    const time = new InstanceTime(open.clock, facts, 0);
    open.clock.advance(1_500);
    expect(time.tickMs()).toBe(1_500);
  });

  for (const [name, jumpMs] of [
    ["forward by a year", 365 * 86_400_000],
    ["back by a year", -365 * 86_400_000],
  ] as const)
    it(`does not notice a wall clock that is set ${name}: no window ends and nothing is promoted`, () => {
      const time = new InstanceTime(open.clock, facts, 0);
      const journal = tellJournal([...done("fetch"), applying("stage"), waiting("stage", 60_000)]);
      open.clock.advance(59_000);
      expect(planNextMove(journal, time.tickMs()).move).toBe("wait");
      open.clock.jumpWall(jumpMs);
      expect(planNextMove(journal, time.tickMs()).move).toBe("wait");
      open.clock.advance(1_000);
      expect(planNextMove(journal, time.tickMs()).move).toBe("apply");
    });

  it("counts a machine's sleep as one minute at most: who slept did not watch", () => {
    const time = new InstanceTime(open.clock, facts, 0);
    open.clock.advance(8 * 3_600_000);
    expect(time.tickMs()).toBe(60_000);
  });

  it("stands still while no daemon lives, and goes on from what was stored", () => {
    const before = new InstanceTime(open.clock, facts, 0);
    open.clock.advance(10_000);
    before.store();
    open.clock.advance(3_600_000);
    const after = new InstanceTime(open.clock, facts, 0);
    expect(after.tickMs()).toBe(10_000);
    open.clock.advance(1);
    expect(after.tickMs()).toBe(10_001);
  });

  it("never goes back behind the newest journal entry, whatever was stored", () => {
    facts.write("tickMs", 5_000);
    expect(new InstanceTime(open.clock, facts, 7_000).tickMs()).toBe(7_000);
  });

  it("goes on after a restart of the machine, where the monotonic clock begins anew", () => {
    facts.write("tickMs", 5_000);
    const time = new InstanceTime(new SimulatedClock({ monotonicMs: 0 }), facts, 0);
    expect(time.tickMs()).toBe(5_000);
  });

  it("does not run backward where a clock does", () => {
    let nowMs = 1_000;
    const time = new InstanceTime({ wallMs: () => 0, monotonicMs: () => nowMs, sleep: async () => undefined }, facts, 0);
    nowMs = 500;
    expect(time.tickMs()).toBe(0);
    nowMs = 600;
    expect(time.tickMs()).toBe(100);
  });
});
