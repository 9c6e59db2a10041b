import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CrashPoints, SimulatedClock } from "@instar/testkit";
import type { EditDisk } from "../edits/edit-disk.ts";
import { crashingDisk, EditWorld } from "../edits/edit-world.testing.ts";
import { Edits } from "../edits/edits.ts";
import { parseEditPlan } from "../edits/parse-edit-plan.ts";
import type { KeeperCommand, KeeperReport } from "../keeper/keeper-control.ts";
import { foldAnswers } from "./fold-answers.ts";
import type { Gives, UpdateId, UpdateStart } from "./journal-entry.ts";
import type { StepContext } from "./step.ts";
import type { StepRooms } from "./step-rooms.ts";
import { START } from "./tell-journal.testing.ts";

const UPDATE = "abcdefgh" as UpdateId;

/** Configuration on a real disk, and an agent that reads it when it starts: it gets ready unless agent.json says that it does not. */
export class ConfigurationWorld {
  readonly crashes = new CrashPoints();
  readonly keeper: MemoryKeeper;
  readonly files: EditWorld;
  readonly edits: Edits;
  readonly facts: MemoryFacts;
  readonly rooms: StepRooms;
  id = "";

  private constructor(files: EditWorld, disk: (crashes: CrashPoints) => EditDisk) {
    this.files = files;
    this.keeper = new MemoryKeeper(join(files.agent, "config/agent.json"), this.crashes);
    this.facts = new MemoryFacts(this.crashes);
    this.edits = new Edits({ settingsFolder: files.agent, listed: ["config"], dataFolder: files.data }, disk(this.crashes));
    this.rooms = roomsOf(this);
  }

  static async create({ disk = crashingDisk }: { disk?: (crashes: CrashPoints) => EditDisk } = {}): Promise<ConfigurationWorld> {
    const files = await EditWorld.create();
    const world = new ConfigurationWorld(files, disk);
    world.write({ level: "info" });
    world.keeper.begin();
    return world;
  }

  write(value: unknown): void {
    // As a person does, not as Instar.
    this.files.writeAsPerson("config/agent.json", JSON.stringify(value));
  }

  async stage(values: Readonly<Record<string, unknown>>): Promise<void> {
    const edits = [{ set: "config/agent.json", values }, { write: "config/beside.txt", content: "beside" }, { directory: "config/plugins" }];
    this.id = await this.edits.store.stage(parseEditPlan(JSON.stringify({ because: "x", edits })), null);
  }

  start(restart: boolean): UpdateStart {
    const { releaseFrom } = START;
    return { ...START, kind: "configuration", trigger: "by-hand", releaseFrom, edits: { id: this.id, because: "x", restart } };
  }

  context(given: Gives = {}, restart = true): StepContext {
    const seen = {
      update: UPDATE,
      start: this.start(restart),
      given,
      noted: {},
      attempt: 1,
      epoch: 1,
      mayLoseWrites: false,
      confirmedAtTickMs: null,
      answers: foldAnswers([]),
    };
    return { ...seen, tickMs: () => 0, signal: new AbortController().signal, say: () => undefined };
  }

  /** The configuration, and how the agent serves with which of it. */
  async look(): Promise<unknown> {
    return { files: await this.files.look(), agent: this.keeper.look() };
  }

  close(): Promise<void> {
    return this.files.end();
  }
}

/** A keeper with one agent, which has no port and starts and ends at once. */
export class MemoryKeeper {
  readonly told: string[] = [];
  /** Called before a command is obeyed: a test changes the world there. */
  onCommand: (command: KeeperCommand["do"]) => void = () => undefined;
  holding = false;
  #routed: "blue" | "green" | null = "blue";
  #alive = false;
  #restarts = 0;
  #starts = 0;
  #read = "";
  readonly #path: string;
  readonly #crashes: CrashPoints;

  constructor(path: string, crashes: CrashPoints) {
    this.#path = path;
    this.#crashes = crashes;
  }

  /** The agent reads its configuration, and gets ready with it or does not. */
  begin(): void {
    this.#starts += 1;
    this.#read = existsSync(this.#path) ? readFileSync(this.#path, "utf8") : "nothing";
    this.#alive = !this.#read.includes("unready");
    this.#restarts = this.#alive ? 0 : 3;
  }

  end(): void {
    this.#alive = false;
  }

  look() {
    return { isAlive: this.#alive, hasRead: this.#alive ? this.#read : "", holding: this.holding, routed: this.#routed };
  }

  process() {
    return { pid: this.#alive ? 100 + this.#starts : null, startedAt: `2026-01-02T00:00:0${this.#starts % 10}.000Z` };
  }

  async state(): Promise<KeeperReport> {
    const none = { release: null, alive: false, pid: null, restarts: 0, startedAt: null };
    const blue = {
      release: START.releaseFrom,
      alive: this.#alive,
      restarts: this.#restarts,
      ...this.process(),
    };
    const more = { wanted: "running", port: null, logPath: this.#path, logFrom: 0, cwd: null, version: null };
    return {
      routed: this.#routed,
      share: null,
      holding: this.holding,
      slots: { blue: { ...blue, ...more }, green: { ...none, ...more } },
      front: null,
    } as unknown as KeeperReport;
  }

  async command(command: KeeperCommand): Promise<KeeperReport> {
    this.#crashes.assertAlive();
    this.onCommand(command.do);
    this.told.push(command.do);
    if (command.do === "hold") this.holding = true;
    if (command.do === "release") this.holding = false;
    if (command.do === "route") this.#routed = command.slot;
    if (command.do === "stop") this.#alive = false;
    if (command.do === "start" && !this.#alive) this.begin();
    this.#crashes.pass(command.do);
    return this.state();
  }
}

class MemoryFacts {
  readonly #facts = new Map<string, string>();
  readonly #crashes: CrashPoints;

  constructor(crashes: CrashPoints) {
    this.#crashes = crashes;
  }

  read<T>(name: string): T | undefined {
    const found = this.#facts.get(name);
    return found === undefined ? undefined : (JSON.parse(found) as T);
  }

  write(name: string, value: unknown): void {
    this.#crashes.assertAlive();
    this.#facts.set(name, JSON.stringify(value));
    this.#crashes.pass(`fact ${name}`);
  }
}

function roomsOf({ keeper, facts, files }: ConfigurationWorld): StepRooms {
  return {
    keeper,
    facts,
    clock: new SimulatedClock({ whenAsleep: "skip" }),
    folder: files.data,
    settingsFolder: files.agent,
    stateDirectory: null,
    inherited: {},
    slotPrefix: async () => [],
    settings: {
      agent: { directory: ".", environment: {}, portVariable: "PORT" },
      backup: { config: ["config"] },
      state: { kind: "none" },
      health: { readyWithin: 5_000, before: [], after: [] },
      exchange: { drain: 1_000, sockets: { group: 20, within: 1_000 }, smoke: [] },
    },
    releases: { readRecord: async (id: string) => ({ id, version: "1.0.0" }), treePath: (id: string) => `/nowhere/${id}` },
  } as unknown as StepRooms;
}
