import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SimulatedClock } from "@instar/testkit";
import { Facts } from "../../database/facts.ts";
import { openDatabase } from "../../database/open-database.ts";
import { BackgroundSource } from "../../observation/gather/background-source.ts";
import { MetricsRecord } from "../../observation/gather/metrics-record.ts";
import { heard, type Reading, silent } from "../../observation/gather/reading.ts";
import { type SettingsFile, settingsSchema } from "../../settings/settings.ts";
import { foldAnswers } from "../fold-answers.ts";
import { InstanceTime } from "../instance-time.ts";
import type { Gives, JournalEntry, UpdateId, UpdateStart } from "../journal-entry.ts";
import type { Step, StepContext, StepResult } from "../step.ts";
import type { StepRooms } from "../step-rooms.ts";
import { START } from "../tell-journal.testing.ts";
import { readPinnedWatch } from "./pinned-watch.ts";
import { listLooks, type Replayed, replayWatch, type WatchStepId } from "./replay-watch.ts";
import { SimulatedKeeper } from "./simulated-keeper.testing.ts";
import { SlotObserver } from "./slot-observer.ts";
import type { SlotSources } from "./slot-sources.ts";

const UPDATE = "watched1" as UpdateId;

/** A version in service as a test wants it, seen by real gathering, recorded in a real database and judged for real; only agent, keeper and time are simulated. */
export class WatchBench {
  readonly folder = mkdtempSync(join(tmpdir(), "instar-watch-"));
  readonly clock = new SimulatedClock();
  readonly keeper = new SimulatedKeeper();
  /** What the agent says of itself. */
  readonly agent = {
    healthy: true,
    heartbeatMs: null as number | null,
    plugins: ["mail", "search"] as readonly string[],
    queue: heard(3) as Reading<number>,
  };
  readonly entries: JournalEntry[] = [];
  readonly database = openDatabase(join(this.folder, "instar.db"));
  readonly facts = new Facts(this.database);
  readonly #settings: StepRooms["settings"];
  /** Called every simulated quarter of a second. */
  traffic: (elapsedMs: number) => void = () => undefined;
  confirmedAtTickMs: number | null = null;
  time: InstanceTime;
  rooms: StepRooms;

  constructor(settings: Partial<SettingsFile> = {}) {
    this.database.exec("PRAGMA synchronous = OFF");
    this.#settings = settingsSchema.parse({
      version: 1,
      name: "demo",
      source: { git: "." },
      agent: { start: ["true"] },
      front: { port: 4_000 },
      ...settings,
    });
    this.time = new InstanceTime(this.clock, this.facts, 0);
    this.rooms = this.#open();
  }

  close(): void {
    this.database.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** As a daemon that was killed comes back: all that it knew is on disk. */
  restart(): void {
    this.time.store();
    this.time = new InstanceTime(this.clock, this.facts, new MetricsRecord(this.database).newest()?.tickMs ?? 0);
    this.rooms = this.#open();
  }

  /** Lets the old version serve for a while, and then the new one take its place. */
  async exchange(oldMs = 60_000): Promise<void> {
    this.keeper.blue = { ...this.keeper.blue, release: "old" };
    await this.pass(oldMs);
    await this.rooms.observer.close();
    this.keeper.green = { ...this.keeper.blue, release: "new", restarts: 0, startedAt: new Date(this.clock.wallMs()).toISOString() };
    this.keeper.blue = { ...this.keeper.blue, release: null, wanted: "stopped" };
    this.keeper.routed = "green";
    this.given = { release: "new", risk: "low", servedAtTickMs: Math.round(this.time.tickMs()) };
  }
  given: Gives = { release: "new" };

  /** Lets the old version serve for a while, and then a share of the callers meet the new one. */
  async tryOut(oldMs = 60_000): Promise<void> {
    this.keeper.blue = { ...this.keeper.blue, release: "old" };
    await this.pass(oldMs);
    this.keeper.green = { ...this.keeper.blue, release: "new", restarts: 0, startedAt: new Date(this.clock.wallMs()).toISOString() };
    this.keeper.share = { slot: "green", of: 0.2 };
    this.given = { release: "new", risk: "low" };
  }

  /** Time goes by, and the daemon records. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 2_500) {
      this.#move(2_500);
      await this.rooms.observer.tend();
    }
  }

  /** Drives a step as the engine does, until it has done with it or `until` says so. */
  async watch(
    step: (rooms: StepRooms) => Step,
    until: (result: StepResult) => boolean = () => false,
    signal?: AbortSignal,
    start: Partial<UpdateStart> = {},
  ): Promise<StepResult> {
    const { id } = step(this.rooms);
    for (;;) {
      const noted = this.entries.findLast((entry) => entry.kind === "waiting");
      const context: StepContext = {
        update: UPDATE,
        start: { ...START, releaseFrom: "old", wayBack: "old", ...start },
        attempt: 1,
        epoch: 1,
        given: this.given,
        noted: noted?.kind === "waiting" ? noted.noted : {},
        mayLoseWrites: false,
        confirmedAtTickMs: this.confirmedAtTickMs,
        answers: foldAnswers([]),
        tickMs: () => this.time.tickMs(),
        signal: signal ?? new AbortController().signal,
        say: () => undefined,
      };
      const result = await step(this.rooms).apply(context);
      this.#journal(id, result);
      if (result.kind !== "waiting" || until(result)) return result;
    }
  }

  replay(step: WatchStepId = "watch"): Replayed {
    const pinned = readPinnedWatch(this.facts, step, UPDATE);
    if (pinned === undefined) throw new Error("no watch was begun");
    return replayWatch(listLooks(this.entries, step), pinned, this.rooms.observer.record);
  }

  #journal(step: string, result: StepResult): void {
    const head = { update: UPDATE, seq: this.entries.length, at: "", tickMs: this.time.tickMs(), epoch: 1, attempt: 1, step };
    // Through JSON, as the journal on disk.
    const kept = JSON.parse(JSON.stringify(result)) as StepResult;
    if (kept.kind === "done") this.entries.push({ ...head, kind: "applied", gives: kept.gives });
    else if (kept.kind === "waiting") this.entries.push({ ...head, ...kept, kind: "waiting", untilTickMs: 0 });
    else this.entries.push({ ...head, ...kept, kind: "failed", transient: false });
  }

  #open(): StepRooms {
    const { clock, facts, folder, keeper, agent } = this;
    const source = <Value>(ask: () => Reading<Value>) => new BackgroundSource({ clock, withinMs: 5_000 }, async () => ask());
    const openSources = (): SlotSources => ({
      health: source(() =>
        heard({ verdict: agent.healthy ? "pass" : "fail", because: agent.healthy ? "GET /health answered 200" : "GET /health answered 500" }),
      ),
      heartbeat: this.#settings.health.heartbeat === undefined ? null : source(() => heard(agent.heartbeatMs)),
      pages: [],
      programs: this.#settings.watch.metrics.map((metric) => ({ metric, source: source(() => agent.queue) })),
      things: this.#settings.rehearsal.things.map(({ name }) => ({ name, source: source(() => heard(agent.plugins)) })),
    });
    const rooms = {
      settings: this.#settings,
      clock: { ...bind(clock), sleep: async (ms: number) => (ms === 250 ? this.#poll(ms) : new Promise<void>(() => undefined)) },
      facts,
      folder,
      keeper,
      observer: undefined as unknown as SlotObserver,
    };
    rooms.observer = new SlotObserver({
      rooms: () => rooms as unknown as StepRooms,
      record: new MetricsRecord(this.database),
      tickMs: () => this.time.tickMs(),
      openSources,
    });
    return rooms as unknown as StepRooms;
  }

  async #poll(ms: number): Promise<void> {
    this.#move(ms);
    // What was asked meanwhile has answered.
    await new Promise((resolve) => setImmediate(resolve));
  }

  #elapsedMs = 0;
  #move(ms: number): void {
    this.#elapsedMs += ms;
    this.traffic(this.#elapsedMs);
    this.clock.advance(ms);
  }
}

const bind = (clock: SimulatedClock) => ({ wallMs: () => clock.wallMs(), monotonicMs: () => clock.monotonicMs() });

export const stopped = silent("no answer to GET /metrics");
