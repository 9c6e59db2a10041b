import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { CrashPoints, describeStepContract, SimulatedClock } from "@instar/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderTree } from "../../backups/sample-tree.testing.ts";
import { openSnapshotStore, type SnapshotStore } from "../../backups/snapshot-store.ts";
import { systemClock } from "../../platform/clock.ts";
import { removeTree } from "../../platform/durable-files.ts";
import { settingsSchema } from "../../settings/settings.ts";
import { openContentStore } from "../../store/content-store.ts";
import type { UpdateId } from "../journal-entry.ts";
import type { StepContext } from "../step.ts";
import type { StepRooms } from "../step-rooms.ts";
import { takeBackup } from "../take-backup.ts";
import { START } from "../tell-journal.testing.ts";
import { MemoryKeeper } from "./memory-keeper.testing.ts";
import { putBackStep } from "./put-back.ts";

// What is tested is the order of writes; a memory file system spares thousands of flushes.
const ROOM = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
const KEPT = "kept";
let template: string;

beforeAll(async () => {
  template = mkdtempSync(join(ROOM, "instar-put-back-"));
  const agent = join(template, "agent");
  mkdirSync(join(agent, "state", "deep"), { recursive: true });
  writeFileSync(join(agent, "state", "writes.log"), "1\n");
  writeFileSync(join(agent, "state", "deep", "old"), "only then");
  writeFileSync(join(agent, "instar.yaml"), "then\n");
  write(agent, "then");
  const world = new World(template);
  await takeBackup(world.rooms, {
    id: KEPT,
    kind: "full",
    tags: [],
    because: "",
    update: null,
    running: null,
    isQuiet: true,
    signal: never,
    onProgress: () => undefined,
  });
  writeFileSync(join(agent, "state", "writes.log"), "1\n2\n", { mode: 0o640 });
  rmSync(join(agent, "state", "deep"), { recursive: true });
  writeFileSync(join(agent, "state", "new"), "only now");
  writeFileSync(join(agent, "instar.yaml"), "now\n");
  write(agent, "now");
});
afterAll(() => removeTree(template));

function write(agent: string, text: string): void {
  const notes = new DatabaseSync(join(agent, "notes.db"));
  notes.exec(`CREATE TABLE IF NOT EXISTS notes (text TEXT); INSERT INTO notes VALUES ('${text}')`);
  notes.close();
}

const never = new AbortController().signal;

/** An agent with state, configuration and a database of today, and a backup of before. */
class World {
  readonly folder: string;
  readonly crashes = new CrashPoints();
  readonly keeper = new MemoryKeeper({ blue: "r1", green: null }, "blue");
  readonly rooms: StepRooms;
  readonly #facts = new Map<string, string>();

  constructor(folder: string) {
    this.folder = folder;
    const [agent, data] = [join(folder, "agent"), join(folder, "data")];
    const snapshots = openSnapshotStore({ folder: join(data, "snapshots"), store: openContentStore({ folder: join(data, "store") }), clock: systemClock });
    this.rooms = {
      keeper: {
        state: () => this.keeper.state(),
        command: this.#cut("keeper", (command: Parameters<MemoryKeeper["command"]>[0]) => this.keeper.command(command)),
      },
      facts: {
        read: (name: string) => (this.#facts.has(name) ? JSON.parse(this.#facts.get(name) ?? "") : undefined),
        write: (name: string, value: unknown) => {
          this.crashes.assertAlive();
          this.#facts.set(name, JSON.stringify(value));
          this.crashes.pass(`fact ${name}`);
        },
      },
      snapshots: {
        ...snapshots,
        take: this.#cut("take", snapshots.take),
        remove: this.#cut("remove", snapshots.remove),
        writePart: this.#cut("writePart", snapshots.writePart),
        restore: this.#cut("restore", (...[id, state, aside]: Parameters<SnapshotStore["restore"]>) =>
          snapshots.restore(id, state, aside, { onProgress: (phase) => phase !== "building" && this.crashes.pass(phase) }),
        ),
      },
      clock: new SimulatedClock({ whenAsleep: "skip" }),
      folder: data,
      settingsFolder: agent,
      stateDirectory: join(agent, "state"),
      inherited: {},
      toolEnvironment: {},
      slotPrefix: async () => [],
      settings: settingsSchema.parse({
        version: 1,
        name: "a",
        source: { git: "x" },
        agent: { start: "a", port: "none" },
        backup: { databases: [{ name: "notes", kind: "sqlite", path: "notes.db" }] },
        keep: { reserve: "1KiB" },
      }),
      releases: { readRecord: async (id: string) => ({ id, version: "1.0.0" }), treePath: (id: string) => join(folder, id), isSealed: async () => false },
    } as unknown as StepRooms;
  }

  #cut<Asked extends unknown[], Answer>(name: string, act: (...asked: Asked) => Promise<Answer>): (...asked: Asked) => Promise<Answer> {
    return async (...asked) => {
      this.crashes.assertAlive();
      const answer = await act(...asked);
      this.crashes.pass(name);
      return answer;
    };
  }

  context(attempt: number): StepContext {
    return {
      update: "u1" as UpdateId,
      start: {
        ...START,
        trigger: "restore",
        releaseFrom: "r1",
        wayBack: "r1",
        existingRelease: "r1",
        overrides: { restore: { backup: KEPT, components: ["data", "config", "database"], overwriteConfig: true } },
      },
      attempt,
      epoch: attempt,
      given: { release: "r1" },
      signal: never,
      say: () => undefined,
    } as unknown as StepContext;
  }

  async look(): Promise<unknown> {
    const agent = join(this.folder, "agent");
    const notes = new DatabaseSync(join(agent, "notes.db"), { readOnly: true });
    const rows = notes.prepare("SELECT text FROM notes").all();
    notes.close();
    const { routed, holding } = this.keeper;
    const serves = routed === null ? null : (this.keeper.running()[routed] ?? null);
    return { state: renderTree(join(agent, "state")), config: readFileSync(join(agent, "instar.yaml"), "utf8"), rows, serves, holding };
  }

  close(): Promise<void> {
    return this.folder === template ? Promise.resolve() : removeTree(this.folder);
  }
}

const opened: string[] = [];
afterAll(async () => {
  for (const folder of opened) await removeTree(folder);
});

async function open(): Promise<World> {
  const folder = mkdtempSync(join(ROOM, "instar-put-back-"));
  opened.push(folder);
  cpSync(template, folder, { recursive: true, preserveTimestamps: true });
  return new World(folder);
}

describeStepContract("put-back", (world: World) => putBackStep(world.rooms), open, { describe, it: (name, body) => it(name, body) });

describe("putting a backup back", () => {
  it("works although today's databases are damaged, and they come back as they were where it is undone", async () => {
    const world = await open();
    const files = ["notes.db", "state/memory.db"].map((name) => join(world.folder, "agent", name));
    const damaged = readFileSync(join(world.folder, "agent", "notes.db"));
    damaged.fill(0xff, 100, 4_000);
    for (const file of files) writeFileSync(file, damaged);
    const step = putBackStep(world.rooms);
    await step.apply(world.context(1));
    expect(await world.look()).toMatchObject({ rows: [{ text: "then" }], serves: "r1" });
    if (typeof step.undo === "function") await step.undo(world.context(1));
    for (const file of files) expect(readFileSync(file).equals(damaged)).toBe(true);
    await world.close();
  });

  it("brings state, configuration and databases of that moment, and keeps today's", async () => {
    const world = await open();
    await putBackStep(world.rooms).apply(world.context(1));
    expect(await world.look()).toMatchObject({ config: "then\n", rows: [{ text: "then" }], serves: "r1", holding: false });
    expect(readFileSync(join(world.folder, "agent", "state", "deep", "old"), "utf8")).toBe("only then");
    const today = (await world.rooms.snapshots.list()).find(({ id }) => id === "u1");
    expect(today).toMatchObject({ state: "whole", about: { tags: ["before-restore"] } });
    await world.close();
  });

  it("moves nothing before requests wait and the agent has ended", async () => {
    const world = await open();
    const seen: unknown[] = [];
    const { snapshots } = world.rooms;
    const watched = {
      ...snapshots,
      restore: async (...asked: Parameters<SnapshotStore["restore"]>) => {
        seen.push({ holding: world.keeper.holding, running: world.keeper.running() });
        return snapshots.restore(...asked);
      },
    };
    await putBackStep({ ...world.rooms, snapshots: watched }).apply(world.context(1));
    expect(seen).toEqual([{ holding: true, running: {} }]);
    await world.close();
  });
});
