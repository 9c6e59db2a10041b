import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isGone, KeeperBench } from "./keeper-bench.testing.ts";

let bench: KeeperBench;
beforeEach(async () => {
  bench = await KeeperBench.open();
});
afterEach(() => bench.close());

const hasDaemon = (count: number) => expect.poll(() => bench.starts("daemon").length, { timeout: 40_000 }).toBe(count);

describe("an agent that ends by itself", () => {
  it("is started again, counted, and served from where it listens now", async () => {
    await bench.start();
    const first = await bench.serve("release-1");
    process.kill(first, "SIGKILL");
    await bench.until((report) => report.slots.blue.restarts === 1 && report.slots.blue.alive);
    const second = await bench.answering();
    process.kill(second, "SIGKILL");
    await bench.until((report) => report.slots.blue.restarts === 2 && report.slots.blue.alive);
    const third = await bench.answering();
    expect(bench.starts("agent")).toEqual([first, second, third]);
  });
});

describe("a daemon that ends", () => {
  it("is started again, and the agent does not notice", async () => {
    await bench.start();
    const agent = await bench.serve("release-1");
    await hasDaemon(1);
    process.kill(bench.starts("daemon")[0] ?? 0, "SIGKILL");
    await hasDaemon(2);
    expect(await bench.answering()).toBe(agent);
  });
});

describe("commands", () => {
  it("of a daemon that has been replaced are refused and do nothing", async () => {
    await bench.start();
    await bench.client.command({ do: "take-over", epoch: 3 });
    for (const command of [
      { do: "hold", epoch: 2 },
      { do: "start", epoch: 2, slot: "blue", spec: bench.spec("release-1") },
      { do: "stop", epoch: 2, slot: "blue" },
      { do: "route", epoch: 2, slot: "blue" },
      { do: "clear", epoch: 2, slot: "blue" },
    ] as const)
      await expect(bench.client.command(command)).rejects.toMatchObject({ code: "FENCED" });
    expect(await bench.client.state()).toMatchObject({ epoch: 3, holding: false, routed: null, slots: { blue: { release: null, alive: false } } });
    expect(bench.starts("agent")).toEqual([]);
  });

  it("to start what runs already start nothing, and to start something else there is refused", async () => {
    await bench.start();
    const agent = await bench.serve("release-1");
    await bench.client.command({ do: "start", epoch: 1, slot: "blue", spec: bench.spec("release-1") });
    await bench.client.command({ do: "start", epoch: 1, slot: "blue", spec: null });
    await expect(bench.client.command({ do: "start", epoch: 1, slot: "blue", spec: bench.spec("release-2") })).rejects.toMatchObject({ code: "CONFLICT" });
    expect(await bench.answering()).toBe(agent);
    expect(bench.starts("agent")).toEqual([agent]);
  });

  it("sent twice at once start one process", async () => {
    await bench.start();
    const start = { do: "start", epoch: 1, slot: "blue", spec: bench.spec("release-1") } as const;
    await Promise.all([bench.client.command(start), bench.client.command(start), bench.client.command(start)]);
    await expect.poll(() => bench.starts("agent").length, { timeout: 40_000 }).toBe(1);
    expect(await bench.agentPids("release-1")).toEqual(bench.starts("agent"));
  });

  it("to stop end the whole tree, what left its process group too", async () => {
    await bench.start();
    const agent = await bench.serve("release-1", { hasChild: true });
    await expect.poll(() => bench.starts("agent.child").length, { timeout: 40_000 }).toBe(1);
    const [child = 0] = bench.starts("agent.child");
    await bench.client.command({ do: "stop", epoch: 1, slot: "blue" });
    expect(await bench.agentPids("release-1")).toEqual([]);
    await isGone(agent);
    await isGone(child);
    await bench.client.command({ do: "stop", epoch: 1, slot: "blue" });
  });

  it("to start what ran before start just that", async () => {
    await bench.start();
    const before = await bench.serve("release-1");
    await bench.client.command({ do: "stop", epoch: 1, slot: "blue" });
    await bench.client.command({ do: "start", epoch: 1, slot: "blue", spec: null });
    expect(await bench.answering()).not.toBe(before);
    expect((await bench.client.state()).slots.blue).toMatchObject({ release: "release-1", restarts: 0 });
  });

  it("to start what nobody remembers are refused", async () => {
    await bench.start();
    await expect(bench.client.command({ do: "start", epoch: 1, slot: "green", spec: null })).rejects.toMatchObject({ code: "CONFLICT" });
  });

  it("to start give an agent that is told its port one of the slot's range", async () => {
    await bench.start();
    for (const [slot, range] of [
      ["blue", /^8\d\d\d$/],
      ["green", /^9\d\d\d$/],
    ] as const) {
      const { slots } = await bench.client.command({ do: "start", epoch: 1, slot, spec: bench.spec(`release-${slot}`, { port: "given" }) });
      expect(String(slots[slot].port)).toMatch(range);
    }
  });

  it("to clear are refused while something runs there", async () => {
    await bench.start();
    await bench.serve("release-1");
    await expect(bench.client.command({ do: "clear", epoch: 1, slot: "blue" })).rejects.toMatchObject({ code: "CONFLICT" });
    await bench.client.command({ do: "stop", epoch: 1, slot: "blue" });
    await bench.client.command({ do: "clear", epoch: 1, slot: "blue" });
    expect((await bench.client.state()).slots.blue).toMatchObject({ release: null, wanted: "stopped" });
  });

  it("without the keeper's token are refused", async () => {
    const keeper = await bench.start();
    const door = join(bench.folder, "keeper", "control.json");
    const { port } = JSON.parse(readFileSync(door, "utf8")) as { port: number };
    const answer = await fetch(`http://127.0.0.1:${port}/command`, {
      method: "POST",
      headers: { authorization: "Bearer guess" },
      body: JSON.stringify({ do: "end", keepAgent: false }),
    });
    expect(await answer.json()).toMatchObject({ code: "UNAUTHORIZED" });
    expect((await bench.client.state()).pid).toBe(keeper.pid);
  });
});

describe("ending", () => {
  it("leaves the agent running when told so, and the next keeper adopts it", async () => {
    const first = await bench.start();
    const agent = await bench.serve("release-1");
    await hasDaemon(1);
    await bench.client.command({ do: "end", keepAgent: true }).catch(() => undefined);
    expect(await first.exited).toBe(0);
    expect(await bench.agentPids("release-1")).toEqual([agent]);
    await isGone(bench.starts("daemon")[0] ?? 0);
    await bench.start();
    expect(await bench.answering()).toBe(agent);
    expect(bench.starts("agent")).toEqual([agent]);
  });

  it("ends agent and daemon and keeps the wish: the next keeper starts what ran", async () => {
    const first = await bench.start();
    const agent = await bench.serve("release-1");
    await hasDaemon(1);
    expect(await first.end()).toBe(0);
    await isGone(agent);
    await isGone(bench.starts("daemon")[0] ?? 0);
    await bench.start();
    expect(await bench.answering()).not.toBe(agent);
  });

  it("keeps what was counted", async () => {
    const first = await bench.start();
    await bench.serve("release-1");
    const before = await bench.until((report) => requestsOf(report.front?.counts) > 0);
    await first.end();
    await bench.start();
    expect(requestsOf((await bench.client.state()).front?.counts)).toBeGreaterThanOrEqual(requestsOf(before.front?.counts));
  });
});

describe("a keeper that must not begin", () => {
  for (const [name, content] of [
    ["is no JSON", '{"format": 1, "epo'],
    ["is not what a keeper writes", '{"format": 1, "epoch": "many"}'],
  ] as const)
    it(`says that the data is damaged where its memory ${name}, and leaves the agent alone`, async () => {
      const first = await bench.start();
      const agent = await bench.serve("release-1");
      await first.kill();
      writeFileSync(join(bench.folder, "keeper", "state.json"), content);
      const second = bench.spawn();
      expect(await second.exited).toBe(1);
      expect(second.output()).toContain("refused: DATA_DAMAGED");
      expect(await bench.agentPids("release-1")).toEqual([agent]);
    });

  it("is refused where another one runs, which goes on", async () => {
    const first = await bench.start();
    const agent = await bench.serve("release-1");
    const second = bench.spawn();
    expect(await second.exited).toBe(1);
    expect(second.output()).toContain("refused: ALREADY_RUNNING");
    expect((await bench.client.state()).pid).toBe(first.pid);
    expect(await bench.answering()).toBe(agent);
  });
});

describe("a front", () => {
  it("whose port is taken waits for it and minds the agent meanwhile", async () => {
    const squatter = createServer((_, answer) => answer.end("squatter"));
    await new Promise<void>((resolve) => squatter.listen(0, "127.0.0.1", resolve));
    const address = squatter.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    await bench.start({ front: { host: "127.0.0.1", port, hold: { requests: 1, bytes: 1, timeMs: 1 } } });
    await bench.client.command({ do: "start", epoch: 1, slot: "blue", spec: bench.spec("release-1") });
    expect(await bench.client.state()).toMatchObject({ front: { listening: false }, slots: { blue: { alive: true } } });
    squatter.closeAllConnections();
    await new Promise((resolve) => squatter.close(resolve));
    await bench.until((report) => report.front?.listening === true);
  });

  it("is not there for an agent without a port, which is kept all the same", async () => {
    await bench.start({ front: null });
    await bench.client.command({ do: "start", epoch: 1, slot: "blue", spec: bench.spec("release-1", { port: "none" }) });
    const report = await bench.until(({ slots }) => slots.blue.alive);
    expect(report).toMatchObject({ front: null, slots: { blue: { port: null } } });
    process.kill(report.slots.blue.pid ?? 0, "SIGKILL");
    await bench.until(({ slots }) => slots.blue.alive && slots.blue.restarts === 1);
  });
});

function requestsOf(counts: unknown): number {
  return (counts as { releases: Record<string, { requests: number }> }).releases["release-1"]?.requests ?? 0;
}
