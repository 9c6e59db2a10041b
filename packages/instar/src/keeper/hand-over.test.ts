import { once } from "node:events";
import { findFreePort } from "@instar/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { emptyCounts, type FrontCounts } from "./front/front-counts.ts";
import { subtractCounts } from "./front/merge-counts.ts";
import { isGone, KeeperBench, type RunningKeeper } from "./keeper-bench.testing.ts";
import { EventReader, Traffic, Upload } from "./traffic.testing.ts";

let bench: KeeperBench;
let port: number;
beforeEach(async () => {
  bench = await KeeperBench.open();
  port = bench.port;
});
afterEach(() => bench.close());

const handOver = () => bench.client.command({ do: "hand-over", epoch: 1 });
const isAlone = () => bench.until((report) => report.handOver === null);
const requestsOf = (counts: FrontCounts | undefined) => counts?.releases["release-1"]?.requests ?? 0;
const countsNow = async () => (await bench.client.state()).front?.counts ?? emptyCounts();
const until = (isSo: () => boolean) => expect.poll(isSo, { timeout: 40_000 }).toBe(true);

/** Starts a keeper that serves. `counted`: until the agent answered. */
async function serving(): Promise<{ first: RunningKeeper; agent: number; counted: FrontCounts }> {
  const first = await bench.start();
  const agent = await bench.serve("release-1");
  return { first, agent, counted: await countsNow() };
}

/** A WebSocket, and what the agent says to a message. */
async function openSocket(): Promise<{ socket: WebSocket; hears: (text: string) => Promise<unknown> }> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
  await once(socket, "open");
  return {
    socket,
    async hears(text) {
      const answer = once(socket, "message") as Promise<[MessageEvent]>;
      socket.send(text);
      return (await answer)[0].data;
    },
  };
}

describe("replacing a keeper", () => {
  it("costs nobody a request, an upload, an event or a message, and every one of them is counted once", async () => {
    const { first, agent, counted } = await serving();
    const traffic = new Traffic(port);
    traffic.start(6, true);
    traffic.start(2, false);
    const events = new EventReader(port);
    const upload = new Upload(port);
    await upload.send(100_000);
    const { socket, hears } = await openSocket();
    expect(await hears("first")).toBe("first");
    const told = once(socket, "close");
    await until(() => traffic.answered > 300 && events.events.length > 10);

    await handOver();
    const [answeredThen, heardThen] = [traffic.answered, events.events.length];
    const { pid, handOver: words } = await bench.client.state();
    expect(pid).not.toBe(first.pid);
    expect(words).toMatch(new RegExp(`^keeper ${first.pid} was replaced and answers what is in flight \\([1-9]\\d* connections\\)$`));
    await upload.send(200_000);
    expect((await told)[0]).toMatchObject({ code: 1012 });
    const again = await openSocket();
    expect(await again.hears("second")).toBe("second");
    await until(() => traffic.answered > answeredThen + 300 && events.events.length > heardThen + 10);

    expect(await upload.end()).toEqual({ sent: 300_000, arrived: 300_000 });
    again.socket.close();
    await once(again.socket, "close");
    await bench.ask("/enough");
    await events.ended;
    expect(events.events).toEqual(events.events.map((_, at) => at));
    await traffic.stop();
    expect(await first.exited).toBe(0);
    await isAlone();

    expect(traffic.failures).toEqual([]);
    const requests = traffic.answered + 5;
    expect(subtractCounts(await countsNow(), counted)).toMatchObject({
      clientAborts: 0,
      noBackend: 0,
      // The upload, and the two messages that were answered.
      releases: { "release-1": { requests, failed: 0, writes: 3, latency: { count: requests } } },
    });
    expect((await bench.client.state()).front?.undercounted).toEqual([]);
    expect(await bench.answering()).toBe(agent);
    expect(bench.starts("agent")).toEqual([agent]);
    expect(bench.starts("daemon")).toHaveLength(1);
  });

  it("can be done again and again", async () => {
    const { agent, counted } = await serving();
    const traffic = new Traffic(port);
    traffic.start(4, true);
    traffic.start(2, false);
    const pids = new Set<number>();
    for (let time = 0; time < 5; time += 1) {
      pids.add((await bench.client.state()).pid);
      await handOver();
    }
    pids.add((await bench.client.state()).pid);
    await traffic.stop();
    await isAlone();
    expect(traffic.failures).toEqual([]);
    expect(pids.size).toBe(6);
    for (const pid of [...pids].slice(0, 5)) await isGone(pid);
    expect(requestsOf(subtractCounts(await countsNow(), counted))).toBe(traffic.answered);
    expect(await bench.answering()).toBe(agent);
    expect(bench.starts("agent")).toEqual([agent]);
  });

  it("takes what changed in the settings: a front that moves serves there, and what is in flight ends where it began", async () => {
    const moved = await findFreePort();
    const first = await bench.start({ next: { front: { host: "127.0.0.1", port: moved, hold: { requests: 1, bytes: 1, timeMs: 1 } } } });
    const agent = await bench.serve("release-1");
    const upload = new Upload(port);
    await upload.send(10);
    await handOver();
    expect((await bench.client.state()).front?.status.listening).toEqual({ host: "127.0.0.1", port: moved });
    await upload.send(10);
    expect(await upload.end()).toEqual({ sent: 20, arrived: 20 });
    expect(await first.exited).toBe(0);
    // The port is free for others, and on a busy machine taken by one.
    const answer = await bench.ask().catch(() => undefined);
    expect(answer?.body).not.toBe(String(agent));
    const there = new Traffic(moved);
    there.start(1, false);
    await until(() => there.answered > 0);
    await there.stop();
    expect(there.failures).toEqual([]);
  });

  it("keeps an agent without a port as it is", async () => {
    const first = await bench.start({ front: null });
    await bench.client.command({ do: "start", epoch: 1, slot: "blue", spec: bench.spec("release-1", { port: "none" }) });
    const before = await bench.until(({ slots }) => slots.blue.alive);
    await handOver();
    expect(await first.exited).toBe(0);
    const after = await isAlone();
    expect(after.pid).not.toBe(first.pid);
    expect(after.slots).toEqual(before.slots);
  });

  it("leaves the newest daemon in command, and every older one refused", async () => {
    await serving();
    await bench.client.command({ do: "take-over", epoch: 7 });
    await expect(handOver()).rejects.toMatchObject({ code: "FENCED" });
    await bench.client.command({ do: "hand-over", epoch: 7 });
    await expect(bench.client.command({ do: "hold", epoch: 6 })).rejects.toMatchObject({ code: "FENCED" });
    await bench.client.command({ do: "hold", epoch: 7 });
    expect(await bench.client.state()).toMatchObject({ epoch: 7, holding: true });
  });

  it("is refused while requests are held", async () => {
    const { first } = await serving();
    await bench.client.command({ do: "hold", epoch: 1 });
    await expect(handOver()).rejects.toMatchObject({ code: "CONFLICT" });
    expect((await bench.client.state()).pid).toBe(first.pid);
    await bench.client.command({ do: "release", epoch: 1 });
    await handOver();
    expect((await bench.client.state()).pid).not.toBe(first.pid);
  });

  it("lets nobody believe that nothing is in flight while the keeper before still answers", async () => {
    const { first } = await serving();
    const events = new EventReader(port);
    await until(() => events.events.length > 0);
    await handOver();
    let isHeld = false;
    const held = bench.client.command({ do: "hold", epoch: 1 }).then(() => {
      isHeld = true;
    });
    const heardThen = events.events.length;
    await until(() => events.events.length > heardThen + 20);
    expect(isHeld).toBe(false);
    expect((await bench.client.state()).holding).toBe(false);
    await bench.ask("/enough");
    await events.ended;
    await held;
    await isGone(first.pid);
    expect((await bench.client.state()).holding).toBe(true);
  });

  it("cuts what is still in flight at the deadline", async () => {
    const first = await bench.start({ drainMs: 300 });
    await bench.serve("release-1");
    const events = new EventReader(port);
    await until(() => events.events.length > 0);
    await handOver();
    await expect(events.ended).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(await first.exited).toBe(0);
    expect((await isAlone()).front?.undercounted).toEqual([]);
  });
});

describe("ending while the keeper before still answers", () => {
  const endings = [
    ["by command ends both keepers, and the agent", async () => void (await bench.client.command({ do: "end", keepAgent: false }))],
    [
      "by a signal to the one before, which is whom a service manager knows, ends both, and the agent",
      async (first: RunningKeeper) => void (await first.end()),
    ],
  ] as const;
  for (const [name, end] of endings)
    it(name, async () => {
      const { first, agent } = await serving();
      const events = new EventReader(port);
      await until(() => events.events.length > 0);
      await handOver();
      const { pid } = await bench.client.state();
      await end(first);
      for (const each of [first.pid, pid, agent]) await isGone(each);
      await expect(events.ended).rejects.toMatchObject({ code: "ECONNRESET" });
      // What both counted was stored, and the next keeper knows that nothing is missing.
      await bench.start();
      const { front } = await bench.client.state();
      expect(front?.undercounted).toEqual([]);
      expect(requestsOf(front?.counts)).toBeGreaterThanOrEqual(2);
    });
});
