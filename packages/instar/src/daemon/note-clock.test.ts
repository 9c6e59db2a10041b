import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readLedgerFiles } from "../ledger/read-ledger-files.testing.ts";
import { DaemonBench, step } from "./daemon-bench.testing.ts";
import type { Instance } from "./instance.ts";
import { noteClock, planClockStep } from "./note-clock.ts";

const DAY_MS = 86_400_000;

describe("a step of the wall clock", () => {
  it.each([
    [undefined, 0, null],
    [1_000, 2_000, null],
    [100_000, 41_000, null],
    [100_001, 40_000, 60_001],
    [2 * DAY_MS, 0, 2 * DAY_MS],
  ])("from %s to %s is one back by %s", (seen, now, back) => expect(planClockStep(seen, now)).toBe(back));
});

describe("a clock set back two days", () => {
  let bench: DaemonBench;
  let instance: Instance;
  let wallMs: number;
  const said: string[] = [];
  beforeEach(() => {
    bench = new DaemonBench();
    instance = bench.open([step("stage")]);
    wallMs = Date.parse("2026-05-05T12:00:00Z");
    const clock = { ...instance.rooms.clock, wallMs: () => wallMs };
    instance = { ...instance, rooms: { ...instance.rooms, clock } };
    said.length = 0;
  });
  afterEach(() => bench.close());
  const look = () => noteClock(instance, (line) => said.push(line));
  const entries = async () => {
    await instance.ledger.drain();
    return readLedgerFiles(`${bench.data}/ledger`).filter(({ event }) => event === "CLOCK_SET_BACK");
  };

  it("is said once in one sentence, on the ledger and to people", async () => {
    look();
    wallMs -= 2 * DAY_MS;
    look();
    look();
    expect(said).toEqual([expect.stringMatching(/set back by 2 days: it had been 2026-05-05T12:00:00.000Z/)]);
    expect(await entries()).toMatchObject([{ success: false, details: { was: "2026-05-05T12:00:00.000Z", is: "2026-05-03T12:00:00.000Z" } }]);
  });

  it("is seen after a restart too, and a second time where it happens again", async () => {
    look();
    for (let times = 0; times < 2; times += 1) {
      wallMs -= 2 * DAY_MS;
      look();
    }
    expect(await entries()).toHaveLength(2);
  });

  it("is not said of one that goes on, stands still or is corrected by a little", async () => {
    for (const by of [0, 1_000, DAY_MS, -59_000]) {
      wallMs += by;
      look();
    }
    expect([said, await entries()]).toEqual([[], []]);
  });
});
