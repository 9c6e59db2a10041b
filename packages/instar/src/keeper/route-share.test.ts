import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { KeeperBench } from "./keeper-bench.testing.ts";

let bench: KeeperBench;
beforeEach(async () => {
  bench = await KeeperBench.open();
});
afterEach(() => bench.close());

const asked = async () => Number((await bench.ask().catch(() => undefined))?.body);

/** Two versions run, blue serves, and everybody is in the share of green: then who answers says where requests go. */
async function serveBoth(): Promise<{ blue: number; green: number }> {
  for (const slot of ["blue", "green"] as const)
    await bench.client.command({ do: "start", epoch: 1, slot, spec: bench.spec(`release-${slot}`, { port: "given" }) });
  await bench.client.command({ do: "route", epoch: 1, slot: "green" });
  const green = await bench.answering();
  await bench.client.command({ do: "route", epoch: 1, slot: "blue" });
  const blue = await bench.answering();
  expect(blue).not.toBe(green);
  await bench.client.command({ do: "route", epoch: 1, slot: "blue", share: { slot: "green", of: 1 } });
  expect(await asked()).toBe(green);
  return { blue, green };
}

describe("a share of the callers", () => {
  it("stays with the version that serves while the other one is dead, and comes back to it when it runs again", async () => {
    await bench.start();
    const { blue, green } = await serveBoth();
    await bench.client.command({ do: "stop", epoch: 1, slot: "green" });
    await expect.poll(asked, { timeout: 40_000 }).toBe(blue);
    await bench.client.command({ do: "start", epoch: 1, slot: "green", spec: null });
    const again = (await bench.client.state()).slots.green.pid;
    expect(again).not.toBe(green);
    await expect.poll(asked, { timeout: 40_000 }).toBe(again);
  });

  it("is remembered by the next keeper, and counted apart", async () => {
    const keeper = await bench.start();
    const { green } = await serveBoth();
    for (let count = 0; count < 5; count += 1) expect(await asked()).toBe(green);
    await keeper.end();
    await bench.start();
    const report = await bench.client.state();
    expect(report.share).toEqual({ slot: "green", of: 1 });
    const counts = report.front?.counts.releases;
    expect(counts?.["release-green"]?.requests).toBeGreaterThanOrEqual(6);
    expect(counts?.["release-green"]?.latency.count).toBeGreaterThanOrEqual(6);
    expect(counts?.["release-blue"]?.requests).toBeGreaterThanOrEqual(1);
  });

  it("ends when requests are routed without one", async () => {
    await bench.start();
    const { blue } = await serveBoth();
    await bench.client.command({ do: "route", epoch: 1, slot: "blue" });
    expect(await asked()).toBe(blue);
    expect((await bench.client.state()).share).toBeNull();
  });

  it("that nobody could have is refused", async () => {
    await bench.start();
    await expect(bench.client.command({ do: "route", epoch: 1, slot: "blue", share: { slot: "green", of: 1.5 } })).rejects.toMatchObject({
      code: "INPUT_INVALID",
    });
  });
});
