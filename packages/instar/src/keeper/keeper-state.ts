import { dirname, join } from "node:path";
import { InstarError } from "@instar/protocol";
import { z } from "zod";
import { readJsonFile, writeFileDurably } from "../platform/durable-files.ts";
import { withReserve } from "../platform/with-reserve.ts";
import type { Settings } from "../settings/settings.ts";

export const SLOTS = ["blue", "green"] as const;
export type SlotName = (typeof SLOTS)[number];

const identity = z.object({ pid: z.int(), startedAt: z.string() });

/** Everything the keeper needs to start a release, so that it can do so again while no daemon lives. */
export const slotSpec = z.object({
  release: z.string(),
  version: z.string(),
  /** The agent's and the state's part of instar.yaml, as the daemon read them; the environment is planned anew at each start. */
  settings: z.custom<Pick<Settings, "agent" | "state">>((value) => typeof value === "object" && value !== null),
  cwd: z.string(),
  /** The release's folder, for `{release}` in a command. */
  releaseFolder: z.string(),
  stateDirectory: z.string().nullable(),
  /** Absolute; read at each start, so that what it says is kept nowhere else. */
  environmentFile: z.string().nullable(),
  inherited: z.record(z.string(), z.string()),
  /** What is started in front of the agent's command: its sandbox. Empty where it runs open. */
  prefix: z.array(z.string()).default([]),
  logPath: z.string(),
});
export type SlotSpec = z.output<typeof slotSpec>;

const slotState = z.object({
  spec: slotSpec.nullable(),
  /** What the keeper holds the slot to. Written before it acts. */
  wanted: z.enum(["running", "stopped"]),
  /** The process that was let go last; it may have died since. */
  process: identity.nullable(),
  port: z.int().nullable(),
  /** How often it had to be started again because it ended by itself, since the daemon last started it. */
  restarts: z.int(),
  startedAt: z.string().nullable(),
  /** Where this start's output begins in the log. */
  logFrom: z.int(),
});
export type SlotState = z.output<typeof slotState>;

/** What part of the callers meets a slot that is not the one that serves. */
export const slotShare = z.object({ slot: z.enum(SLOTS), of: z.number().min(0).max(1) });
export type SlotShare = z.output<typeof slotShare>;

const keeperState = z.object({
  format: z.literal(1),
  /** The highest daemon epoch seen. A command of an older one is refused. */
  epoch: z.int(),
  routed: z.enum(SLOTS).nullable(),
  share: slotShare.nullable().default(null),
  holding: z.boolean(),
  slots: z.object({ blue: slotState, green: slotState }),
  /** Releases that served when a keeper was killed: what it counted in its last second is lost, so their counts are a lower bound. */
  undercounted: z.array(z.string()).default([]),
  /** Whether the last keeper stored its counts before it ended. */
  hasEndedWell: z.boolean().default(true),
});
export type KeeperState = z.output<typeof keeperState>;

const EMPTY_SLOT: SlotState = { spec: null, wanted: "stopped", process: null, port: null, restarts: 0, startedAt: null, logFrom: 0 };
const EMPTY: KeeperState = {
  format: 1,
  epoch: 0,
  routed: null,
  share: null,
  holding: false,
  slots: { blue: EMPTY_SLOT, green: EMPTY_SLOT },
  undercounted: [],
  hasEndedWell: true,
};

/**
 * What the keeper must remember over its own death, in one file that is replaced whole. Each change is durable before the
 * keeper acts on it: a crash in between leaves a wish, which the next keeper carries out.
 */
export class KeeperMemory {
  readonly #home: string;
  readonly #path: string;
  #state: KeeperState;
  /** Changes follow each other: each starts from what the one before it made. */
  #last: Promise<void> = Promise.resolve();

  private constructor(home: string, state: KeeperState) {
    this.#home = home;
    this.#path = join(home, "state.json");
    this.#state = state;
  }

  /**
   * @param home the keeper's own folder in the instance's data folder
   * @throws InstarError DATA_DAMAGED where the file is not what a keeper writes
   */
  static async open(home: string): Promise<KeeperMemory> {
    const path = join(home, "state.json");
    const found = await readJsonFile(path);
    if (found === undefined) return new KeeperMemory(home, EMPTY);
    const parsed = keeperState.safeParse(found);
    if (!parsed.success) throw new InstarError("DATA_DAMAGED", `${path} is not what a keeper writes`, { cause: parsed.error, facts: { path } });
    return new KeeperMemory(home, parsed.data);
  }

  get state(): KeeperState {
    return this.#state;
  }

  change(change: Partial<Omit<KeeperState, "format" | "slots">>): Promise<void> {
    return this.#write((state) => ({ ...state, ...change }));
  }

  changeSlot(name: SlotName, change: Partial<SlotState>): Promise<void> {
    return this.#write((state) => ({ ...state, slots: { ...state.slots, [name]: { ...state.slots[name], ...change } } }));
  }

  #write(change: (state: KeeperState) => KeeperState): Promise<void> {
    const done = this.#last.then(async () => {
      const next = change(this.#state);
      await withReserve(dirname(this.#home), () => writeFileDurably(this.#path, JSON.stringify(next, null, 1)));
      this.#state = next;
    });
    this.#last = done.catch(() => undefined);
    return done;
  }
}
