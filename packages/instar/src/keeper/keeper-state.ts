import { join } from "node:path";
import { z } from "zod";
import { InstarError } from "@instar/protocol";
import { readJsonFile, writeFileDurably } from "../platform/durable-files.ts";

export const SLOTS = ["blue", "green"] as const;
export type SlotName = (typeof SLOTS)[number];

const identity = z.object({ pid: z.int(), startedAt: z.string() });

/** Everything the keeper needs to start a release, so that it can do so again while no daemon lives. `{port}` is filled in at each start. */
export const slotSpec = z.object({
  release: z.string(),
  version: z.string(),
  argv: z.array(z.string()).min(1),
  cwd: z.string(),
  /** Lowest first: `base`, then the lines of `environmentFile`, then `environment`. */
  base: z.record(z.string(), z.string()),
  environmentFile: z.string().nullable(),
  environment: z.record(z.string(), z.string()),
  port: z.union([z.literal("given"), z.literal("none"), z.int()]),
  stopSignal: z.enum(["SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP"]),
  stopWithinMs: z.int(),
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
});
export type SlotState = z.output<typeof slotState>;

const keeperState = z.object({
  format: z.literal(1),
  /** The highest daemon epoch seen. A command of an older one is refused. */
  epoch: z.int(),
  routed: z.enum(SLOTS).nullable(),
  holding: z.boolean(),
  slots: z.object({ blue: slotState, green: slotState }),
});
export type KeeperState = z.output<typeof keeperState>;

const EMPTY_SLOT: SlotState = { spec: null, wanted: "stopped", process: null, port: null, restarts: 0, startedAt: null };
const EMPTY: KeeperState = { format: 1, epoch: 0, routed: null, holding: false, slots: { blue: EMPTY_SLOT, green: EMPTY_SLOT } };

/**
 * What the keeper must remember over its own death, in one file that is replaced whole. Each change is durable before the
 * keeper acts on it: a crash in between leaves a wish, which the next keeper carries out.
 */
export class KeeperMemory {
  readonly #path: string;
  #state: KeeperState;

  private constructor(path: string, state: KeeperState) {
    this.#path = path;
    this.#state = state;
  }

  /** @throws InstarError DATA_DAMAGED where the file is not what a keeper writes */
  static async open(folder: string): Promise<KeeperMemory> {
    const path = join(folder, "state.json");
    const found = await readJsonFile(path);
    if (found === undefined) return new KeeperMemory(path, EMPTY);
    const parsed = keeperState.safeParse(found);
    if (!parsed.success) throw new InstarError("DATA_DAMAGED", `${path} is not what a keeper writes`, { cause: parsed.error, facts: { path } });
    return new KeeperMemory(path, parsed.data);
  }

  get state(): KeeperState {
    return this.#state;
  }

  async change(change: Partial<Omit<KeeperState, "format" | "slots">>): Promise<void> {
    await this.#write({ ...this.#state, ...change });
  }

  async changeSlot(name: SlotName, change: Partial<SlotState>): Promise<void> {
    await this.#write({ ...this.#state, slots: { ...this.#state.slots, [name]: { ...this.#state.slots[name], ...change } } });
  }

  async #write(next: KeeperState): Promise<void> {
    await writeFileDurably(this.#path, JSON.stringify(next, null, 1));
    this.#state = next;
  }
}
