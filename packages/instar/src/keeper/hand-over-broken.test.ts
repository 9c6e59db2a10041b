import { execFileSync } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isGone, KeeperBench } from "./keeper-bench.testing.ts";
import type { KeeperMainOptions } from "./keeper-main.testing.ts";
import { Traffic } from "./traffic.testing.ts";

let bench: KeeperBench;
beforeEach(async () => {
  bench = await KeeperBench.open();
});
afterEach(() => bench.close());

const handOver = () => bench.client.command({ do: "hand-over", epoch: 1 });

/** Living keepers of this bench, by what they were started with. */
function keepers(): number[] {
  const rows = execFileSync("ps", ["-eo", "pid=,stat=,args="], { encoding: "utf8" }).split("\n");
  return rows.flatMap((row) => {
    const [pid = "", state = "", ...command] = row.trim().split(/\s+/);
    const isKeeper = command.some((word) => word.endsWith("keeper-main.testing.ts")) && row.includes(bench.folder);
    return isKeeper && !state.startsWith("Z") ? [Number(pid)] : [];
  });
}

describe("a successor that cannot begin leaves the keeper as it is, and says why:", () => {
  const cases: readonly [string, () => Promise<Partial<KeeperMainOptions>>, Record<string, unknown>][] = [
    [
      "a program that is not there",
      async () => ({ successorArgv: [join(bench.folder, "nothing")] }),
      { code: "PLATFORM_FAILED", message: /nothing could not be started/ },
    ],
    [
      "one that ends at once",
      async () => ({ successorArgv: [process.execPath, "-e", "process.exit(3)"] }),
      { code: "PLATFORM_FAILED", message: /ended \(status 3\)/ },
    ],
    [
      "one that is refused its port",
      async () => ({ next: { front: { host: "127.0.0.1", port: await takenPort(), hold: { requests: 1, bytes: 1, timeMs: 1 } } } }),
      { code: "PORT_IN_USE", advice: /front.port/ },
    ],
  ];
  for (const [name, parts, error] of cases)
    it(name, async () => {
      const first = await bench.start(await parts());
      await bench.serve("release-1");
      const refused = await handOver().catch((thrown: unknown) => thrown as Record<string, unknown>);
      for (const [field, wanted] of Object.entries(error))
        if (wanted instanceof RegExp) expect((refused as Record<string, unknown>)[field]).toMatch(wanted);
        else expect((refused as Record<string, unknown>)[field]).toBe(wanted);
      await goesOn(first.pid);
    });
});

describe("a successor that is killed", () => {
  for (const point of ["before ready", "after ready", "on take", "before give-socket", "after give-socket", "on socket", "before took"])
    it(`${point} leaves the keeper as it is, and no request fails`, async () => {
      const first = await bench.start({ next: { dieIn: point } });
      await bench.serve("release-1");
      const traffic = new Traffic(bench.port);
      traffic.start(2, true);
      traffic.start(2, false);
      await expect(handOver()).rejects.toMatchObject({ code: "PLATFORM_FAILED", message: expect.stringContaining("SIGKILL") });
      await traffic.stop();
      expect(traffic.failures).toEqual([]);
      await goesOn(first.pid);
    });

  it("when it falls silent, in its turn, leaves the keeper as it is", async () => {
    const first = await bench.start({ next: { stopOn: "take" } });
    await bench.serve("release-1");
    await expect(handOver()).rejects.toMatchObject({ code: "TIMED_OUT" });
    await goesOn(first.pid);
  });

  for (const point of ["after took", "on yours", "before reachable", "after reachable"])
    it(`${point} leaves no keeper, and the next one goes on`, async () => {
      const first = await bench.start({ next: { dieIn: point } });
      const agent = await bench.serve("release-1");
      await handOver().catch(() => undefined);
      expect(await first.exited).toBe(0);
      expect(keepers()).toEqual([]);
      const third = await bench.start();
      expect(await bench.answering()).toBe(agent);
      expect(bench.starts("agent")).toEqual([agent]);
      expect(keepers()).toEqual([third.pid]);
    });
});

describe("a keeper that is killed while it hands over", () => {
  for (const point of ["on ready", "before take"])
    it(`${point} takes its successor along, which was told nothing yet`, async () => {
      const first = await bench.start({ dieIn: point });
      const agent = await bench.serve("release-1");
      await expect(handOver()).rejects.toMatchObject({ code: "KEEPER_UNREACHABLE" });
      await first.exited;
      await expect.poll(keepers, { timeout: 40_000 }).toEqual([]);
      await bench.start();
      expect(await bench.answering()).toBe(agent);
    });

  for (const point of ["after take", "before socket", "after socket", "before yours", "after yours"])
    it(`${point} is followed by its successor all the same`, async () => {
      const first = await bench.start({ dieIn: point });
      const agent = await bench.serve("release-1");
      await handOver().catch(() => undefined);
      await first.exited;
      const report = await bench.until(({ pid, front }) => pid !== first.pid && front?.listening === true);
      expect(keepers()).toEqual([report.pid]);
      expect(await bench.answering()).toBe(agent);
      expect(bench.starts("agent")).toEqual([agent]);
      // What it counted since it handed over went with it.
      await bench.until(({ front }) => front?.undercounted.includes("release-1") === true);
      await bench.client.command({ do: "hold", epoch: 1 });
    });
});

/** The keeper is the only one, does what it is told, minds the agent, and can be replaced another time. */
async function goesOn(pid: number): Promise<void> {
  expect(keepers()).toEqual([pid]);
  expect(await bench.client.state()).toMatchObject({ pid, handOver: null, front: { listening: true, undercounted: [] } });
  const agent = await bench.answering();
  await bench.client.command({ do: "hold", epoch: 1 });
  await bench.client.command({ do: "release", epoch: 1 });
  const another = bench.spawn();
  expect(await another.exited).toBe(1);
  expect(another.output()).toContain("refused: ALREADY_RUNNING");
  process.kill(agent, "SIGKILL");
  await isGone(agent);
  expect(await bench.answering()).not.toBe(agent);
}

async function takenPort(): Promise<number> {
  const squatter = createServer().listen(0, "127.0.0.1");
  squatter.unref();
  await new Promise((resolve) => squatter.once("listening", resolve));
  return (squatter.address() as AddressInfo).port;
}
