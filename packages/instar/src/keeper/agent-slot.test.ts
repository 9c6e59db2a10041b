import { SimulatedClock } from "@instar/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AgentSlot } from "./agent-slot.ts";
import { isGone, KeeperBench } from "./keeper-bench.testing.ts";
import { KeeperMemory } from "./keeper-state.ts";

let bench: KeeperBench;
let clock: SimulatedClock;
let memory: KeeperMemory;
let slot: AgentSlot;
beforeEach(async () => {
  bench = await KeeperBench.open();
  clock = new SimulatedClock();
  memory = await KeeperMemory.open(bench.folder);
  slot = new AgentSlot("blue", memory, clock);
});
afterEach(() => bench.close());

const spec = () => bench.spec("release-1", { port: "none" });
const killAgent = async () => {
  const pid = slot.state.process?.pid ?? 0;
  process.kill(pid, "SIGKILL");
  await isGone(pid);
};

describe("an agent that keeps ending by itself", () => {
  it("is started again after longer and longer pauses", async () => {
    await slot.start(spec());
    let restarts = 0;
    for (const pauseMs of [0, 250, 1_000, 4_000, 15_000, 15_000]) {
      await killAgent();
      if (pauseMs > 0) {
        clock.advance(pauseMs - 1);
        await slot.tend();
        expect({ restarts: slot.state.restarts, alive: await slot.isAlive() }).toEqual({ restarts, alive: false });
        clock.advance(1);
      }
      await slot.tend();
      restarts += 1;
      expect({ restarts: slot.state.restarts, alive: await slot.isAlive() }).toEqual({ restarts, alive: true });
    }
  });

  it("is counted in what the next keeper reads", async () => {
    await slot.start(spec());
    await killAgent();
    await slot.tend();
    const next = await KeeperMemory.open(bench.folder);
    expect(next.state.slots.blue).toEqual(slot.state);
    expect(next.state.slots.blue.restarts).toBe(1);
  });

  it("begins to count anew when a daemon starts it", async () => {
    await slot.start(spec());
    await killAgent();
    await slot.tend();
    await killAgent();
    await slot.start(null);
    expect(slot.state.restarts).toBe(0);
  });
});

describe("a slot", () => {
  it("that lives is left alone, however often it is tended", async () => {
    await slot.start(spec());
    const { process } = slot.state;
    for (let look = 0; look < 5; look += 1) await slot.tend();
    expect(slot.state).toMatchObject({ process, restarts: 0 });
  });

  it("does not take a pid that passed to another process for its agent", async () => {
    await slot.start(spec());
    await memory.changeSlot("blue", { process: { pid: process.pid, startedAt: "another boot/1" } });
    expect(await slot.isAlive()).toBe(false);
  });

  it("keeps the wish to run what could not be started", async () => {
    await expect(slot.start({ ...spec(), cwd: `${bench.folder}/nowhere` })).rejects.toMatchObject({ code: "PLATFORM_FAILED" });
    expect((await KeeperMemory.open(bench.folder)).state.slots.blue).toMatchObject({ wanted: "running", process: null });
  });
});

describe("the keeper's memory", () => {
  it("loses no change of several that are made at once", async () => {
    await Promise.all([
      memory.change({ epoch: 7 }),
      memory.changeSlot("blue", { restarts: 3 }),
      memory.changeSlot("green", { restarts: 4 }),
      memory.change({ holding: true }),
    ]);
    expect((await KeeperMemory.open(bench.folder)).state).toMatchObject({ epoch: 7, holding: true, slots: { blue: { restarts: 3 }, green: { restarts: 4 } } });
  });

  it("is empty in a new folder", () =>
    expect(memory.state).toMatchObject({ epoch: 0, routed: null, holding: false, slots: { blue: { spec: null, wanted: "stopped" } } }));
});
