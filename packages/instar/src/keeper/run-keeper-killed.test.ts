import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isGone, KeeperBench } from "./keeper-bench.testing.ts";
import type { KeeperReport } from "./keeper-control.ts";

let bench: KeeperBench;
beforeEach(async () => {
  bench = await KeeperBench.open();
});
afterEach(() => bench.close());

const hasDaemon = (count: number) => expect.poll(() => bench.starts("daemon").length, { timeout: 40_000 }).toBe(count);
const waitingIn = (report: KeeperReport) => (report.front?.status as { waiting: { requests: number } } | undefined)?.waiting.requests;

describe("a keeper that is killed", () => {
  it("is followed by one that adopts the same agent and the same daemon, and the front is back", async () => {
    const first = await bench.start();
    const agent = await bench.serve("release-1");
    await hasDaemon(1);
    await first.kill();
    expect(await bench.agentPids("release-1")).toEqual([agent]);
    await bench.start();
    expect(await bench.answering()).toBe(agent);
    expect(bench.starts("agent")).toEqual([agent]);
    await bench.until((report) => report.slots.blue.alive && report.slots.blue.restarts === 0);
    expect(bench.starts("daemon")).toHaveLength(1);
  });

  it("goes on holding: no request meets a half exchange", async () => {
    const first = await bench.start();
    await bench.serve("release-1");
    await bench.client.command({ do: "hold", epoch: 1 });
    await first.kill();
    await bench.start();
    // Its door may be open a moment before its front is.
    await bench.until((report) => report.front?.listening === true);
    let isAnswered = false;
    const asked = bench.ask().then(() => {
      isAnswered = true;
    });
    await bench.until((report) => report.holding && waitingIn(report) === 1);
    expect(isAnswered).toBe(false);
    await bench.client.command({ do: "release", epoch: 1 });
    await asked;
  });

  it("is followed by one that restarts an agent which died meanwhile", async () => {
    const first = await bench.start();
    const agent = await bench.serve("release-1");
    await first.kill();
    process.kill(agent, "SIGKILL");
    await isGone(agent);
    await bench.start();
    expect(await bench.answering()).not.toBe(agent);
    expect(bench.starts("agent")).toHaveLength(2);
  });

  it("leaves a stopped slot stopped", async () => {
    const first = await bench.start();
    await bench.serve("release-1");
    await bench.client.command({ do: "stop", epoch: 1, slot: "blue" });
    await first.kill();
    await bench.start();
    await hasDaemon(1);
    expect((await bench.client.state()).slots.blue).toMatchObject({ alive: false, wanted: "stopped", release: "release-1" });
    expect(bench.starts("agent")).toHaveLength(1);
  });

  it("still obeys only the newest daemon", async () => {
    const first = await bench.start();
    await bench.client.command({ do: "take-over", epoch: 5 });
    await first.kill();
    await bench.start();
    await expect(bench.client.command({ do: "hold", epoch: 4 })).rejects.toMatchObject({ code: "FENCED" });
    expect(await bench.client.state()).toMatchObject({ epoch: 5, holding: false });
  });

  for (const when of ["before", "after"] as const)
    it(`just ${when} the agent's process is recorded leaves no agent that nobody knows of`, async () => {
      const first = await bench.start({ dieAtRecord: when });
      await expect(bench.client.command({ do: "start", epoch: 1, slot: "blue", spec: bench.spec("release-1") })).rejects.toMatchObject({
        code: "KEEPER_UNREACHABLE",
      });
      await first.exited;
      await expect.poll(() => bench.agentPids("release-1"), { timeout: 40_000 }).toEqual([]);
      expect(bench.starts("agent")).toEqual([]);
      // The wish was durable before anything was started: the next keeper carries it out, once.
      await bench.start();
      const report = await bench.until(({ slots }) => slots.blue.alive);
      await expect.poll(() => bench.starts("agent"), { timeout: 40_000 }).toEqual([report.slots.blue.pid]);
      expect(await bench.agentPids("release-1")).toEqual([report.slots.blue.pid]);
    });
});
