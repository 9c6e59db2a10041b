import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SimulatedClock } from "@instar/testkit";
import { expect } from "vitest";
import { openSnapshotStore } from "../backups/snapshot-store.ts";
import { Documents } from "../database/documents.ts";
import { Facts } from "../database/facts.ts";
import { openDatabase } from "../database/open-database.ts";
import { readPolicySet } from "../governance/policy/policy-set.ts";
import { KeeperClient } from "../keeper/keeper-client.ts";
import { Ledger } from "../ledger/ledger.ts";
import { MetricsRecord } from "../observation/gather/metrics-record.ts";
import { type Clock, systemClock } from "../platform/clock.ts";
import { createJobRunner } from "../platform/run-job.ts";
import { openKeptReleases } from "../releases/kept-releases.ts";
import { openReleaseStore } from "../releases/release-store.ts";
import { settingsSchema } from "../settings/settings.ts";
import { gitAsSource } from "../sources/git-as-source.ts";
import { createGitSource } from "../sources/git-source.ts";
import { makeRepository, type TestRepository } from "../sources/make-repository.testing.ts";
import type { Source } from "../sources/source.ts";
import { openContentStore } from "../store/content-store.ts";
import { openTreeStore } from "../store/tree-store.ts";
import { InstanceTime } from "../update/instance-time.ts";
import { Journal, takeEpoch } from "../update/journal.ts";
import type { JournalEntry, UpdateId } from "../update/journal-entry.ts";
import { SlotObserver } from "../update/observed/slot-observer.ts";
import { defineStep, type Step } from "../update/step.ts";
import type { StepRooms } from "../update/step-rooms.ts";
import type { Instance } from "./instance.ts";
import { Daemon } from "./run-daemon.ts";
import { UpdateEvents } from "./update-events.ts";

/** From here on a sleep is a long one: it lasts until the test moves `slow`. */
const LONG_MS = 1_000;

export interface RunningDaemon {
  readonly daemon: Daemon;
  readonly instance: Instance;
  readonly done: Promise<void>;
  /** Tells it to end; resolves when it has. */
  stop(): Promise<void>;
}

/** Real daemons on a real repository and data folder, with steps that the test defines. Short sleeps are shorter, long ones stand. */
export class DaemonBench {
  readonly folder = mkdtempSync(join(tmpdir(), "instar-daemon-"));
  readonly data: string;
  readonly repository: TestRepository;
  readonly said: string[] = [];
  readonly slow = new SimulatedClock();
  readonly clock: Clock = { ...systemClock, sleep: (ms, signal) => (ms >= LONG_MS ? this.slow.sleep(ms, signal) : systemClock.sleep(Math.min(ms, 5), signal)) };
  /** Besides git. */
  readonly sources: Source[] = [];
  readonly #running: RunningDaemon[] = [];
  readonly #opened: Instance[] = [];

  constructor(data?: string) {
    this.data = data ?? join(this.folder, "data");
    mkdirSync(this.data, { recursive: true });
    this.repository = makeRepository(join(this.folder, "upstream"));
    this.publish("1.0.0");
  }

  async close(): Promise<void> {
    for (const running of this.#running) await running.stop();
    for (const instance of this.#opened) if (instance.database.isOpen) instance.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  publish(version: string): string {
    return this.repository.commit(version, { "package.json": JSON.stringify({ name: "agent", version }), "agent.js": "" });
  }

  /** Opens the instance for acting, as a new daemon does: a new epoch. */
  open(steps: readonly Step[]): Instance {
    const settings = settingsSchema.parse({
      version: 1,
      name: "demo",
      source: { git: this.repository.folder, checkEvery: "20ms" },
      agent: { start: ["true"], port: "none" },
      tests: { command: "true" },
      keep: { reserve: "512KiB" },
    });
    const { data: folder, clock } = this;
    const database = openDatabase(join(folder, "instar.db"));
    const facts = new Facts(database);
    const ledger = new Ledger({ database, folder: join(folder, "ledger"), now: () => clock.wallMs(), key: null });
    const newest = (database.prepare("SELECT max(tick_ms) AS tick FROM journal").get() as { tick: number | null }).tick ?? 0;
    const time = new InstanceTime(clock, facts, newest);
    const store = openContentStore({ folder: join(folder, "store") });
    const releases = openReleaseStore({ folder: join(folder, "releases"), slotCanWrite: true, clock });
    const git = createGitSource({ remote: this.repository.folder, mirrorFolder: join(folder, "git"), path: process.env.PATH ?? "" });
    const rooms: StepRooms = {
      settings,
      scratchFolder: join(folder, "scratch"),
      settingsFolder: this.folder,
      settingsDigest: "",
      settingsWritten: new Set(),
      folder,
      stateDirectory: null,
      inherited: {},
      toolEnvironment: {},
      networkTrust: undefined,
      source: git,
      releases,
      keptReleases: openKeptReleases({ facts, trees: openTreeStore(store), releases }),
      snapshots: openSnapshotStore({ folder: join(folder, "snapshots"), store, clock }),
      keeper: new KeeperClient(folder),
      facts,
      documents: new Documents(database),
      revokedAmong: () => [],
      readPasskeysOf: async () => [],
      readPolicies: async () => readPolicySet([], { shipped: true }),
      checkDatabase: () => ({ kind: "whole", because: "" }),
      runJob: createJobRunner({ clock, instanceId: `instar:${folder}` }),
      runConfined: notAsked,
      startConfined: notAsked,
      chooseSandbox: notAsked,
      sandboxes: [],
      slotPrefix: async () => [],
      analysis: { assess: notAsked, draw: notAsked },
      clock,
      observer: new SlotObserver({ rooms: () => rooms, record: new MetricsRecord(database), tickMs: () => time.tickMs() }),
      history: () => ({ testMs: null, rollbackMs: null }),
      lessons: () => [],
      quarantined: () => undefined,
      referenced: () => [],
      backupsUnderWay: new Set(),
      referencedSnapshots: () => [],
    };
    const opened: Instance = {
      name: "demo",
      folder,
      settings,
      rooms,
      sources: [gitAsSource(git, { remote: this.repository.folder, checkEveryMs: settings.source.checkEvery }), ...this.sources],
      events: new UpdateEvents(database),
      bringByHand: notAsked,
      database,
      journal: new Journal(database, ledger, time, takeEpoch(database)),
      ledger,
      ledgerKey: { verifier: null, trouble: null },
      facts,
      time,
      codeUpdate: steps,
      goingBack: () => steps,
      restoring: steps,
      watchingAgain: steps,
      definitions: steps,
      close: () => database.close(),
    };
    this.#opened.push(opened);
    return opened;
  }

  run(instance: Instance): RunningDaemon {
    const stop = new AbortController();
    const daemon = new Daemon(instance, (line) => this.said.push(line));
    const done = daemon.run(stop.signal);
    const ended = done.catch(() => undefined);
    const running: RunningDaemon = {
      daemon,
      instance,
      done,
      stop: async () => {
        stop.abort(new Error("the test ends it"));
        await ended;
      },
    };
    this.#running.push(running);
    return running;
  }
}

/** A step that gives a release of its own where it stages, and is otherwise as the test says. */
export const step = (
  id: string,
  apply: Step["apply"] = async ({ start }) => ({ kind: "done", gives: id === "stage" ? { release: `release-${start.versionTo}` } : {} }),
  parts: Partial<Step> = {},
): Step =>
  defineStep({
    id,
    version: 1,
    title: `Do ${id}`,
    interruptible: true,
    probe: async () => ({ found: "absent" }),
    apply,
    undo: async () => ({}),
    describe: () => id,
    ...parts,
  });

/** Waits until the newest update is of that version and ended; gives its journal. */
export async function ended({ journal }: Instance, version: string): Promise<JournalEntry[]> {
  let found: JournalEntry[] = [];
  const look = () => {
    found = journal.read(journal.list().at(-1) ?? ("" as UpdateId));
    const [first] = found;
    return first?.kind === "started" && first.start.versionTo === version && found.at(-1)?.kind === "ended";
  };
  await expect.poll(look, { timeout: 40_000 }).toBe(true);
  return found;
}

const notAsked = async (): Promise<never> => {
  throw new Error("the steps of this bench analyse nothing");
};
