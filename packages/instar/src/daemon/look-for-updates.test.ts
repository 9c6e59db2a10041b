import { rmSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readLedgerFiles } from "../ledger/read-ledger-files.testing.ts";
import { DaemonBench, ended, step } from "./daemon-bench.testing.ts";
import type { Instance, SourceFact } from "./instance.ts";
import { type LookTools, lookForUpdates, planNextLookMs } from "./look-for-updates.ts";

let bench: DaemonBench;
let instance: Instance;
beforeEach(() => {
  bench = new DaemonBench();
  instance = bench.open([step("stage")]);
});
afterEach(() => bench.close());

const TOOLS: LookTools = {
  reason: "poll",
  actor: { type: "system", id: "daemon" },
  supersede: async () => undefined,
  alone: (act) => act(),
  signal: new AbortController().signal,
};
const look = (at = 0) => {
  const source = instance.sources[at];
  if (source === undefined) throw new Error(`there is no source ${at}`);
  return lookForUpdates(instance, source, TOOLS);
};
const fact = () => instance.facts.read<SourceFact>("source");
const heard = async () => {
  await instance.ledger.drain();
  return readLedgerFiles(`${bench.data}/ledger`).map((entry) => `${entry.event}: ${entry.description}`);
};
/** Lets a daemon put the first version in place, and ends it. */
const settle = async (version = "1.0.0") => {
  const running = bench.run(instance);
  await ended(instance, version);
  await running.stop();
};

describe("looking for updates", () => {
  it("begins with the first version and says so on the ledger", async () => {
    expect(await look()).toMatchObject({ decision: "start", found: { version: "1.0.0" } });
    expect(instance.journal.unfinished()).toHaveLength(1);
    expect(await heard()).toEqual(["UPDATE_DETECTED: upstream has 1.0.0", "UPDATE_STARTED: update to 1.0.0 started (first)"]);
  });

  it("does not begin twice what is under way", async () => {
    await look();
    expect(await look()).toMatchObject({ decision: "nothing" });
    expect(instance.journal.list()).toHaveLength(1);
  });

  it("does nothing where upstream has nothing newer", async () => {
    await settle();
    expect(await look()).toMatchObject({ decision: "nothing", because: "upstream has nothing newer than 1.0.0, which runs" });
  });

  it("holds too large a step, writes down why, and tells the ledger once", async () => {
    await settle();
    bench.publish("2.0.0");
    for (let time = 0; time < 3; time += 1) expect(await look()).toMatchObject({ decision: "hold" });
    expect(fact()).toMatchObject({ decision: "hold", found: { version: "2.0.0" }, failing: null });
    expect(fact()?.because).toContain("is a major step from 1.0.0");
    expect((await heard()).filter((line) => line === "UPDATE_DETECTED: upstream has 2.0.0")).toHaveLength(1);
    expect(instance.journal.list()).toHaveLength(1);
  });

  it("dismisses what was tried, with the reason, and tells the ledger once", async () => {
    await settle();
    instance.close();
    bench.publish("1.0.1");
    instance = bench.open([step("stage", async () => ({ kind: "refused", code: "VALIDATION_FAILED", because: "its tests fail" }))]);
    await settle("1.0.1");
    for (let time = 0; time < 3; time += 1) expect(await look()).toMatchObject({ decision: "dismiss" });
    expect(fact()?.because).toContain("was tried and refused: its tests fail");
    expect((await heard()).filter((line) => line.startsWith("UPDATE_DISMISSED"))).toHaveLength(1);
  });

  it("that fails is written down and counted, forgets nothing, and is forgotten when it works again", async () => {
    await settle();
    bench.publish("2.0.0");
    await look();
    bench.repository.git("config", "core.bare", "false");
    const hidden = `${bench.repository.folder}/.git/HEAD`;
    rmSync(hidden);
    for (let time = 1; time <= 2; time += 1) {
      await expect(look()).rejects.toThrow();
      expect(fact()).toMatchObject({ decision: "nothing", found: { version: "2.0.0" }, failures: time });
      expect(fact()?.because).toMatch(/^upstream could not be read: /);
    }
    bench.repository.git("init", "--quiet", "--initial-branch=main");
    expect(await look()).toMatchObject({ decision: "hold" });
    expect(fact()).toMatchObject({ failing: null, failures: 0 });
  });

  it("does not begin beside an update that somebody began by hand meanwhile", async () => {
    await settle();
    bench.publish("1.0.1");
    await look();
    bench.publish("1.0.2");
    expect(await look()).toMatchObject({ decision: "hold", because: expect.stringContaining("waits until the update to 1.0.1 has ended") });
    expect(instance.journal.unfinished()).toHaveLength(1);
  });
});

describe("when upstream is asked next", () => {
  it("is at the operator's interval while it answers", () => expect(planNextLookMs(300_000, 0)).toBe(300_000));
  it("is later and later while it fails, up to an hour, and never sooner than the interval", () => {
    for (const [failures, leastMs, mostMs] of [
      [1, 480_000, 720_000],
      [2, 960_000, 1_440_000],
      [3, 1_920_000, 2_880_000],
      [4, 2_880_000, 4_320_000],
      [50, 2_880_000, 4_320_000],
    ] as const)
      for (let time = 0; time < 20; time += 1) {
        const nextMs = planNextLookMs(300_000, failures);
        expect(nextMs).toBeGreaterThanOrEqual(leastMs);
        expect(nextMs).toBeLessThanOrEqual(mostMs);
      }
    expect(planNextLookMs(7_200_000, 3)).toBe(7_200_000);
  });
});
