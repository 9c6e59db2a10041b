import { afterEach, describe, expect, it } from "vitest";
import type { SettingsFile } from "../../settings/settings.ts";
import { listLooks } from "../observed/replay-watch.ts";
import { stopped, WatchBench } from "../observed/watch-bench.testing.ts";
import { trialStep } from "./trial.ts";
import { watchStep } from "./watch.ts";

let bench: WatchBench;
afterEach(() => bench.close());

const WINDOW = { time: "2m", requests: 100 } as const;

/** A new version that took an old one's place, under four requests a second. */
async function serve(settings: Partial<SettingsFile> = {}, failing = 0): Promise<WatchBench> {
  bench = new WatchBench({ watch: WINDOW, ...settings });
  let sent = 0;
  bench.traffic = () => {
    const release = bench.keeper.routed === "green" ? "new" : "old";
    sent += 1;
    bench.keeper.serve({ requests: 1, failed: release === "new" && sent % 10 < failing ? 1 : 0 }, release);
  };
  await bench.exchange();
  return bench;
}
const servedMs = () => bench.time.tickMs() - Number(bench.given.servedAtTickMs);

describe("watching a new version", () => {
  it("keeps one that was well for all of its time and enough requests, and its verdicts come out again", async () => {
    await serve();
    expect(await bench.watch(watchStep)).toMatchObject({ kind: "done", gives: { watched: expect.stringContaining("0 of"), watchedFailed: 0 } });
    expect(servedMs()).toBeGreaterThanOrEqual(120_000);
    expect(servedMs()).toBeLessThan(126_000);
    expect(bench.replay()).toMatchObject({ verdict: "yes", because: expect.stringContaining("recorded spans") });
  });

  it.each([
    ["a change of critical risk for three days", "found", 259_200_000],
    ["a first version, of which everything is new, for an hour", "first", 3_600_000],
  ] as const)("watches %s", async (_, trigger, windowMs) => {
    await serve({ watch: {} });
    bench.given = { ...bench.given, risk: "critical" };
    await bench.watch(watchStep, () => true, undefined, { trigger });
    expect(listLooks(bench.entries, "watch").at(-1)?.note.window.neededMs).toBe(windowMs);
  });

  it("puts back one that fails 30 % of its requests, long before its time is over, with what it rests on", async () => {
    await serve({}, 3);
    const result = await bench.watch(watchStep);
    expect(result).toMatchObject({ kind: "refused", code: "MISBEHAVED" });
    expect(servedMs()).toBeLessThan(60_000);
    expect(listLooks(bench.entries, "watch").at(-1)?.note.findings[0]).toMatchObject({
      trigger: "error_rate_spike",
      verdict: "fail",
      statistic: expect.any(Number),
    });
    expect(bench.replay().verdict).toBe("yes");
  });

  it("puts back one that ends by itself again and again", async () => {
    await serve();
    const { traffic } = bench;
    bench.traffic = (elapsedMs) => {
      traffic(elapsedMs);
      if (servedMs() > 2_000) bench.keeper.green = { ...bench.keeper.green, restarts: Math.floor((servedMs() - 2_000) / 4_000) };
    };
    expect(await bench.watch(watchStep)).toMatchObject({ kind: "refused", code: "MISBEHAVED", because: expect.stringContaining("ended by itself") });
  });

  it("puts back one whose process is gone and does not come back", async () => {
    await serve();
    const { traffic } = bench;
    bench.traffic = (elapsedMs) => {
      traffic(elapsedMs);
      if (servedMs() > 10_000) bench.keeper.green = { ...bench.keeper.green, alive: false };
    };
    expect(await bench.watch(watchStep)).toMatchObject({ kind: "refused", because: expect.stringContaining("not served") });
    expect(servedMs()).toBeLessThan(20_000);
  });

  it("puts back one that is unhealthy", async () => {
    await serve();
    bench.agent.healthy = false;
    expect(await bench.watch(watchStep)).toMatchObject({ kind: "refused", because: expect.stringContaining("answered 500") });
  });

  it("puts back one whose heartbeat stays away", async () => {
    bench = await serve({ health: { heartbeat: { file: "beat", within: "20s" } } });
    expect(await bench.watch(watchStep)).toMatchObject({ kind: "refused", because: expect.stringContaining("heartbeat") });
    expect(servedMs()).toBeGreaterThan(20_000);
  });

  it("puts back one that lacks a configured thing which the old one had", async () => {
    await serve({ watch: { time: "5m", requests: 0 }, rehearsal: { things: [{ name: "plugins", path: "/plugins", at: "" }] } });
    bench.agent.plugins = ["mail"];
    expect(await bench.watch(watchStep)).toMatchObject({ kind: "refused", because: expect.stringContaining("plugins: search") });
  });

  it("puts back one whose files were changed underneath", async () => {
    await serve();
    bench.facts.write("integrity", { release: "new", damage: "server.js was changed" });
    expect(await bench.watch(watchStep)).toMatchObject({ kind: "refused", because: expect.stringContaining("server.js was changed") });
  });

  it("never keeps one that nobody uses: it waits for a person, who may keep it unverified", async () => {
    await serve();
    bench.traffic = () => undefined;
    const held = await bench.watch(watchStep, (result) => result.kind === "waiting" && result.waitsFor === "operator");
    expect(held).toMatchObject({ waitsFor: "operator", because: expect.stringContaining("unverified") });
    bench.confirmedAtTickMs = bench.time.tickMs();
    expect(await bench.watch(watchStep)).toMatchObject({ kind: "done", gives: { watched: expect.stringContaining("a person keeps it unverified") } });
    expect(bench.replay().verdict).toBe("yes");
  });

  it("keeps one that nobody uses at once when the requests come that it waited for", async () => {
    await serve();
    const { traffic } = bench;
    bench.traffic = () => undefined;
    await bench.watch(watchStep, (result) => result.kind === "waiting" && result.waitsFor === "operator");
    bench.traffic = traffic;
    expect(await bench.watch(watchStep)).toMatchObject({ kind: "done" });
  });
});

describe("a judge that goes blind", () => {
  const metrics = { watch: { ...WINDOW, metrics: [{ name: "queue", run: "true" }] } } satisfies Partial<SettingsFile>;

  it("holds when a metric stops, and goes on when it is back", async () => {
    await serve(metrics);
    await bench.watch(watchStep, () => servedMs() > 20_000);
    bench.agent.queue = stopped;
    const held = await bench.watch(watchStep, (result) => result.kind === "waiting" && result.waitsFor === "operator");
    expect(held).toMatchObject({ because: expect.stringContaining("metric queue") });
    expect((held as { because: string }).because).toContain("instar update confirm");
    expect(await bench.watch(watchStep, () => servedMs() > 150_000)).toMatchObject({ kind: "waiting", waitsFor: "operator" });
    bench.agent.queue = { kind: "value", value: 4 };
    expect(await bench.watch(watchStep)).toMatchObject({ kind: "done" });
    expect(bench.replay().verdict).toBe("yes");
  });

  it("goes on where a person says so, and is kept as what it is: unverified", async () => {
    await serve(metrics);
    bench.agent.queue = stopped;
    await bench.watch(watchStep, (result) => result.kind === "waiting" && result.waitsFor === "operator");
    bench.confirmedAtTickMs = bench.time.tickMs();
    expect(await bench.watch(watchStep)).toMatchObject({ kind: "done", gives: { watched: expect.stringContaining("unverified") } });
    expect(servedMs()).toBeGreaterThanOrEqual(120_000);
  });

  it("puts it back where the operator wants that", async () => {
    await serve({ watch: { ...metrics.watch, onBlind: "roll-back" } });
    bench.agent.queue = stopped;
    expect(await bench.watch(watchStep)).toMatchObject({ kind: "refused", code: "MISBEHAVED" });
  });

  it("blames no version for a keeper that is away for a moment", async () => {
    await serve();
    const { traffic } = bench;
    bench.traffic = (elapsedMs) => {
      traffic(elapsedMs);
      bench.keeper.isAway = servedMs() > 10_000 && servedMs() < 14_000;
      if (servedMs() > 12_000) bench.keeper.pid = 2;
    };
    expect(await bench.watch(watchStep)).toMatchObject({ kind: "done" });
  });

  it("still puts back what misbehaves while it waits for a person", async () => {
    await serve(metrics);
    bench.agent.queue = stopped;
    await bench.watch(watchStep, (result) => result.kind === "waiting" && result.waitsFor === "operator");
    bench.agent.healthy = false;
    expect(await bench.watch(watchStep)).toMatchObject({ kind: "refused", because: expect.stringContaining("answered 500") });
  });
});

describe("a version that must be confirmed", () => {
  const confirmed = (parts = {}) => serve({ watch: { ...WINDOW, confirmWithin: "150s", ...parts } });

  it("goes back by itself when nobody confirms it, however well it is", async () => {
    await confirmed();
    expect(await bench.watch(watchStep)).toMatchObject({ kind: "refused", code: "NOT_CONFIRMED", because: expect.stringContaining("3 min") });
    expect(servedMs()).toBeGreaterThanOrEqual(150_000);
    expect(servedMs()).toBeLessThan(151_000);
  });

  it("goes on to be judged when somebody does, and skips nothing of its window", async () => {
    await confirmed();
    await bench.watch(watchStep, () => servedMs() > 30_000);
    bench.confirmedAtTickMs = bench.time.tickMs();
    expect(await bench.watch(watchStep)).toMatchObject({ kind: "done" });
    expect(servedMs()).toBeGreaterThanOrEqual(120_000);
  });

  it("is still put back for what it does after it was confirmed", async () => {
    await confirmed();
    bench.confirmedAtTickMs = bench.time.tickMs();
    await bench.watch(watchStep, () => servedMs() > 10_000);
    bench.agent.healthy = false;
    expect(await bench.watch(watchStep)).toMatchObject({ kind: "refused", code: "MISBEHAVED" });
  });

  it("is neither confirmed nor ended by a wall clock that jumps", async () => {
    await confirmed();
    const { traffic } = bench;
    bench.traffic = (elapsedMs) => {
      traffic(elapsedMs);
      bench.clock.jumpWall(elapsedMs % 2_000 === 0 ? 86_400_000 : -86_400_000);
    };
    expect(await bench.watch(watchStep)).toMatchObject({ code: "NOT_CONFIRMED" });
    expect(servedMs()).toBeGreaterThanOrEqual(150_000);
  });

  it("by the word of an update alone, too", async () => {
    await serve();
    expect(await bench.watch(watchStep, undefined, undefined, { overrides: { confirmWithinMs: 5_000 } })).toMatchObject({ code: "NOT_CONFIRMED" });
  });

  it("is put back in its time also where the daemon was killed in between", async () => {
    await confirmed();
    await bench.watch(watchStep, () => servedMs() > 130_000);
    bench.restart();
    expect(await bench.watch(watchStep)).toMatchObject({ code: "NOT_CONFIRMED" });
    expect(servedMs()).toBeLessThan(152_000);
  });
});

describe("a daemon that is killed while it watches", () => {
  it("goes on with the same state, wherever it was, loses no failure, and its verdicts come out again", async () => {
    await serve({ watch: { time: "2m", requests: 0, errorShare: 0.5 } }, 1);
    for (let kill = 1; kill <= 12; kill += 1) {
      const killed = new AbortController();
      const { traffic } = bench;
      const atMs = servedMs() + kill * 700;
      bench.traffic = (elapsedMs) => {
        traffic(elapsedMs);
        if (servedMs() > atMs) killed.abort(new Error("SIGKILL"));
      };
      await bench.watch(watchStep, undefined, killed.signal).catch(() => undefined);
      bench.traffic = traffic;
      bench.restart();
    }
    const done = await bench.watch(watchStep);
    expect(done).toMatchObject({ kind: "done" });
    expect(bench.replay().verdict).toBe("yes");
    const { requests } = (await bench.keeper.state()).front?.counts.releases.new ?? { requests: 0 };
    const watched = Number((done as { gives: Record<string, number> }).gives.watchedRequests);
    // All but what came since the last span was closed.
    expect(requests - watched).toBeLessThanOrEqual(20);
  });
});

describe("a share of the callers that meets a new version", () => {
  const tried = async (failing: number, besideFailing: number): Promise<WatchBench> => {
    bench = new WatchBench({ state: { kind: "none" }, exchange: { trial: { share: 0.2, time: "1m", requests: 40 } }, watch: WINDOW });
    let sent = 0;
    bench.traffic = () => {
      sent += 1;
      bench.keeper.serve({ requests: 4, failed: sent % 10 < besideFailing ? 4 : 0 }, "old");
      if (bench.keeper.share !== null) bench.keeper.serve({ requests: 1, failed: sent % 10 < failing ? 1 : 0 }, "new");
    };
    await bench.tryOut();
    return bench;
  };

  it("tries it for its time and enough requests, beside the old one", async () => {
    await tried(0, 0);
    expect(await bench.watch(trialStep)).toMatchObject({ kind: "done", gives: { tried: expect.stringContaining("20 % of the callers") } });
    expect(bench.rooms.observer.record.read("new", 0, 1e12).at(-1)).toMatchObject({ beside: { requests: expect.any(Number) } });
    expect(bench.replay("trial").verdict).toBe("yes");
  });
  it("counts nothing of that towards the watch that follows", async () => {
    await tried(0, 0);
    await bench.watch(trialStep);
    bench.keeper.share = null;
    bench.keeper.routed = "green";
    bench.keeper.blue = { ...bench.keeper.blue, release: null, wanted: "stopped" };
    bench.given = { ...bench.given, servedAtTickMs: Math.round(bench.time.tickMs()) };
    bench.traffic = () => bench.keeper.serve({ requests: 1 }, "new");
    bench.entries.length = 0;
    expect(await bench.watch(watchStep)).toMatchObject({ kind: "done" });
    expect(servedMs()).toBeGreaterThanOrEqual(115_000);
    expect(bench.replay().verdict).toBe("yes");
  });
  it("puts it back where it fails and the old one does not, before anybody else meets it", async () => {
    await tried(4, 0);
    expect(await bench.watch(trialStep)).toMatchObject({ kind: "refused", code: "MISBEHAVED" });
    expect(bench.replay("trial").verdict).toBe("yes");
  });
});

describe("a full disk under a watch", () => {
  it("is time that nobody could judge, and loses no count", async () => {
    await serve();
    await bench.watch(watchStep, () => servedMs() > 20_000);
    const { page_count: pages } = bench.database.prepare("PRAGMA page_count").get() as { page_count: number };
    bench.database.exec(`PRAGMA max_page_count = ${pages}`);
    await bench.watch(watchStep, () => servedMs() > 70_000);
    bench.database.exec("PRAGMA max_page_count = 1000000");
    expect(await bench.watch(watchStep)).toMatchObject({ kind: "done" });
    const counted = bench.rooms.observer.record.read("new", 0, 1e12).reduce((sum, { front }) => sum + (front?.requests ?? 0), 0);
    const { requests } = (await bench.keeper.state()).front?.counts.releases.new ?? { requests: 0 };
    expect(requests - counted).toBeLessThanOrEqual(20);
    expect(bench.replay().verdict).toBe("yes");
  });
});
