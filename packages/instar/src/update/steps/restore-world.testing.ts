import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { CrashPoints, SimulatedClock } from "@instar/testkit";
import { renderTree } from "../../backups/sample-tree.testing.ts";
import { openSnapshotStore, type SnapshotStore } from "../../backups/snapshot-store.ts";
import { systemClock } from "../../platform/clock.ts";
import { removeTree } from "../../platform/durable-files.ts";
import { settingsSchema } from "../../settings/settings.ts";
import { openContentStore } from "../../store/content-store.ts";
import { foldAnswers } from "../fold-answers.ts";
import type { UpdateId } from "../journal-entry.ts";
import type { StepContext } from "../step.ts";
import type { StepRooms } from "../step-rooms.ts";
import { takeBackup } from "../take-backup.ts";
import { START } from "../tell-journal.testing.ts";
import { MemoryKeeper } from "./memory-keeper.testing.ts";

// What is tested is the order of writes; a memory file system spares thousands of flushes.
const ROOM = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
/** The backup of before. */
export const KEPT = "kept";

/** The world as it is at the beginning of each case, made once. */
export async function makeRestoreTemplate(): Promise<string> {
  const template = mkdtempSync(join(ROOM, "instar-restoring-"));
  const agent = join(template, "agent");
  mkdirSync(join(agent, "state", "deep"), { recursive: true });
  writeFileSync(join(agent, "state", "writes.log"), "1\n");
  writeFileSync(join(agent, "state", "deep", "old"), "only then");
  writeFileSync(join(agent, "instar.yaml"), "then\n");
  write(agent, "then");
  const world = new RestoreWorld(template);
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
  return template;
}

export function openRestoreWorld(template: string): RestoreWorld {
  const folder = mkdtempSync(join(ROOM, "instar-restoring-"));
  cpSync(template, folder, { recursive: true, preserveTimestamps: true });
  return new RestoreWorld(folder);
}

function write(agent: string, text: string): void {
  const notes = new DatabaseSync(join(agent, "notes.db"));
  notes.exec(`CREATE TABLE IF NOT EXISTS notes (text TEXT); INSERT INTO notes VALUES ('${text}')`);
  notes.close();
}

const never = new AbortController().signal;

/** An agent with state, configuration and a database of today, and a backup of before. */
export class RestoreWorld {
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
        finish: this.#cut("finish", snapshots.finish),
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
      backupsUnderWay: new Set(),
      slotPrefix: async () => [],
      settings: settingsSchema.parse({
        version: 1,
        name: "a",
        source: { git: "x" },
        agent: { start: "a", port: "none" },
        backup: { databases: [{ name: "notes", kind: "sqlite", path: "notes.db" }] },
        keep: { reserve: "1KiB" },
      }),
      releases: {
        readRecord: async (id: string) => ({ id, version: "1.0.0" }),
        verifyQuickly: async () => ({ kind: "intact" }),
        treePath: (id: string) => join(folder, id),
        isSealed: async () => false,
      },
      observer: { close: async () => undefined },
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

  context(start: Partial<StepContext["start"]>, given: StepContext["given"], attempt: number): StepContext {
    return {
      update: "u1" as UpdateId,
      start: { ...START, releaseFrom: "r1", wayBack: "r1", ...start },
      attempt,
      epoch: attempt,
      given,
      mayLoseWrites: false,
      confirmedAtTickMs: null,
      answers: foldAnswers([]),
      tickMs: () => 0,
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
    return removeTree(this.folder);
  }
}
