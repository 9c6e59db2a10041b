import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SimulatedClock } from "@instar/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Facts } from "../../database/facts.ts";
import { openDatabase } from "../../database/open-database.ts";
import { MetricsRecord } from "../../observation/gather/metrics-record.ts";
import type { MetricsBucket } from "../../observation/metrics-bucket.ts";
import { settingsSchema } from "../../settings/settings.ts";
import type { StepRooms } from "../step-rooms.ts";
import { SimulatedKeeper } from "./simulated-keeper.testing.ts";
import { SlotObserver } from "./slot-observer.ts";
import { stopped, WatchBench } from "./watch-bench.testing.ts";

let folder: string;
let database: ReturnType<typeof openDatabase>;
let clock: SimulatedClock;
let keeper: SimulatedKeeper;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "instar-observer-"));
  database = openDatabase(join(folder, "instar.db"));
  clock = new SimulatedClock();
  keeper = new SimulatedKeeper();
});
afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true, force: true });
});

/** As a daemon opens it: whatever came before is on disk. */
function open(): SlotObserver {
  const settings = settingsSchema.parse({ version: 1, name: "demo", source: { git: "." }, agent: { start: ["true"], port: "given" }, front: { port: 4_000 } });
  const facts = new Facts(database);
  const rooms = { settings, clock, facts, folder, keeper, stateDirectory: null, inherited: {}, releases: { treePath: () => folder } };
  return new SlotObserver({ rooms: () => rooms as unknown as StepRooms, record: new MetricsRecord(database), tickMs: () => clock.monotonicMs() });
}
const buckets = (release = "new"): MetricsBucket[] => new MetricsRecord(database).read(release, 0, 1e12);

describe("observing what serves", () => {
  it("records what came in each span, and nothing twice", async () => {
    const observer = open();
    await observer.close();
    keeper.serve({ requests: 10, failed: 1 });
    clock.advance(5_000);
    await observer.close();
    keeper.serve({ requests: 4 });
    clock.advance(5_000);
    await Promise.all([observer.close(), observer.close(), observer.tend()]);
    expect(buckets().map(({ front, coveredMs }) => [front?.requests ?? null, front?.failed ?? null, coveredMs])).toEqual([
      [10, 1, 5_000],
      [4, 0, 5_000],
    ]);
  });

  it("counts on, where the daemon was away, from where it had come", async () => {
    const first = open();
    await first.close();
    clock.advance(5_000);
    await first.close();
    keeper.serve({ requests: 7, failed: 7 });
    clock.advance(2_000);
    const second = open();
    await second.close();
    clock.advance(3_000);
    await second.close();
    expect(buckets().at(-1)).toMatchObject({ front: { requests: 7, failed: 7 }, coveredMs: 3_000 });
  });

  it("is silent about the front where the keeper was replaced, and counts on with the next one", async () => {
    const observer = open();
    await observer.close();
    keeper.pid = 2;
    keeper.serve({ requests: 5 });
    clock.advance(5_000);
    await observer.close();
    keeper.serve({ requests: 3 });
    clock.advance(5_000);
    await observer.close();
    expect(buckets()[0]).toMatchObject({ front: null, silent: { front: expect.stringContaining("another keeper") } });
    expect(buckets()[1]).toMatchObject({ front: { requests: 3 } });
    expect(buckets()[1]?.silent.front).toBeUndefined();
  });

  it("does not know whether it serves while the keeper is away, and loses no request to that", async () => {
    const observer = open();
    await observer.close();
    keeper.isAway = true;
    clock.advance(5_000);
    await observer.close();
    keeper.isAway = false;
    keeper.serve({ requests: 2 });
    clock.advance(5_000);
    await observer.close();
    expect(buckets()[0]).toMatchObject({ isServing: null, front: null, silent: { keeper: "it does not answer" } });
    expect(buckets()[1]).toMatchObject({ isServing: true, front: { requests: 2 } });
  });

  it("counts ends of its own once, and sees that its process is gone", async () => {
    const observer = open();
    await observer.close();
    keeper.blue = { ...keeper.blue, restarts: 2, alive: false };
    clock.advance(1_000);
    expect(await observer.look("new")).toMatchObject({ restarts: 2, isServing: false });
    await observer.close();
    keeper.blue = { ...keeper.blue, restarts: 0, alive: true };
    clock.advance(5_000);
    await observer.close();
    expect(buckets().map(({ restarts, isServing }) => [restarts, isServing])).toEqual([
      [2, false],
      [0, true],
    ]);
  });

  it("keeps a source silent from its bad answer to its next good one, however rarely it is asked", async () => {
    const bench = new WatchBench({ watch: { metrics: [{ name: "queue", run: "true", every: "20s" }] } });
    const told: (string | number | undefined)[] = [];
    const seeFor = async (ms: number) => {
      await bench.pass(ms);
      const last = bench.rooms.observer.record.newest();
      told.push(last?.metrics.queue ?? last?.silent["metric queue"]);
    };
    try {
      await seeFor(5_000);
      bench.agent.queue = stopped;
      await seeFor(25_000);
      await seeFor(5_000);
      await seeFor(5_000);
      bench.agent.queue = { kind: "value", value: 4 };
      await seeFor(25_000);
      expect(told).toEqual([undefined, stopped.because, stopped.because, stopped.because, undefined]);
    } finally {
      bench.close();
    }
  });

  it("blames no version for requests that are held, and for a port that the front does not get", async () => {
    const observer = open();
    await observer.close();
    keeper.isHolding = true;
    clock.advance(5_000);
    await observer.close();
    keeper.isHolding = false;
    keeper.isListening = false;
    clock.advance(5_000);
    await observer.close();
    expect(buckets().map(({ isServing }) => isServing)).toEqual([null, null]);
  });

  it("sees in a trial what each of the two is asked", async () => {
    keeper.green = { ...keeper.green, release: "tried", wanted: "running", alive: true };
    keeper.share = { slot: "green", of: 0.1 };
    const observer = open();
    await observer.close();
    keeper.serve({ requests: 90, failed: 1 });
    keeper.serve({ requests: 10, failed: 5 }, "tried");
    clock.advance(5_000);
    await observer.close();
    expect(buckets("tried").at(-1)).toMatchObject({ front: { requests: 10, failed: 5 }, beside: { requests: 90, failed: 1 } });
    expect(buckets("new").at(-1)).toMatchObject({ front: { requests: 90 }, beside: null });
  });

  it("counts no time that nobody watched: a process that was stopped for an hour saw six seconds of it", async () => {
    const observer = open();
    await observer.close();
    clock.advance(3_600_000);
    await observer.close();
    expect(buckets().at(-1)?.coveredMs).toBe(6_000);
  });

  it("goes on where its time was set back by a crash: nothing is recorded before what is there", async () => {
    const observer = open();
    await observer.close();
    clock.advance(5_000);
    await observer.close();
    clock = new SimulatedClock({ monotonicMs: 500 });
    const again = open();
    await again.close();
    clock.advance(400);
    await again.close();
    expect(buckets()).toHaveLength(1);
  });

  it("reports what is known of damage to its files", async () => {
    new Facts(database).write("integrity", { release: "new", damage: "server.js was changed" });
    const observer = open();
    await observer.close();
    clock.advance(5_000);
    await observer.close();
    expect(buckets().at(-1)?.damage).toBe("server.js was changed");
  });

  it("counts the errors in the log of a version from its start on, and its time from when requests reached it", async () => {
    const observer = open();
    await observer.close();
    writeFileSync(join(folder, "agent.log"), "TypeError: of the old version\nok\n");
    keeper.green = { ...keeper.green, release: "newer", wanted: "running", alive: true, logPath: join(folder, "agent.log"), logFrom: 30 };
    keeper.routed = "green";
    writeFileSync(join(folder, "agent.log"), "TypeError: of the old version\nTypeError: one\nTypeError: two\n");
    clock.advance(4_000);
    await observer.look("newer");
    clock.advance(1_000);
    await observer.close();
    expect(buckets("newer")).toMatchObject([{ logErrors: 2, coveredMs: 1_000 }]);
  });
});
