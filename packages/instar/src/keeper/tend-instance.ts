import { storeCounts } from "./counts-file.ts";
import type { DaemonMinder } from "./daemon-minder.ts";
import { type Keeper, pointFront } from "./keeper.ts";
import { SLOTS, type SlotName } from "./keeper-state.ts";
import { trimLog } from "./trim-log.ts";

/** How often processes are looked at. A crash is noticed this late; a look costs a read of /proc. */
const LOOK_EVERY_MS = 200;
/** How often counts are stored. What a killed keeper counted since is lost, which is in nobody's favour. */
const STORE_COUNTS_EVERY_MS = 1_000;
const TRIM_LOGS_EVERY_MS = 60_000;

export interface Tended {
  readonly keeper: Keeper;
  readonly minder: DaemonMinder;
  readonly countsPath: string;
  readonly say: (line: string) => void;
}

/** Holds agents and daemon to running, round after round. */
export class Tending {
  readonly #tended: Tended;
  #storeAtMs = 0;
  #trimAtMs = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(tended: Tended) {
    this.#tended = tended;
  }

  async until(over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      await this.between(async () => {
        if (!over.aborted) await this.#tendOnce();
      });
      await this.#tended.keeper.clock.sleep(LOOK_EVERY_MS, over).catch(() => undefined);
    }
  }

  /** Does something between two rounds: nothing is tended or stored meanwhile. */
  between<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #tendOnce(): Promise<void> {
    const { keeper, minder, countsPath, say } = this.#tended;
    for (const name of SLOTS) {
      const before = keeper.slots[name].state.port;
      await keeper.slots[name]
        .tend()
        .catch((error: unknown) => say(`slot ${name} could not be started: ${error instanceof Error ? error.message : String(error)}`));
      if (keeper.slots[name].state.port !== before) pointFront(keeper);
    }
    await pointAwayFromTheDead(keeper);
    await endForgottenHold(keeper, say);
    await minder.tend();
    const nowMs = keeper.clock.monotonicMs();
    if (keeper.front !== null && nowMs >= this.#storeAtMs) {
      this.#storeAtMs = nowMs + STORE_COUNTS_EVERY_MS;
      await storeCounts(countsPath, keeper.front, say);
    }
    if (nowMs >= this.#trimAtMs) {
      this.#trimAtMs = nowMs + TRIM_LOGS_EVERY_MS;
      for (const name of SLOTS) await trimLog(keeper.slots[name].state.spec?.logPath).catch(() => undefined);
    }
  }
}

/** Looks which agents live, and points the front at those. */
export async function pointAwayFromTheDead(keeper: Keeper): Promise<void> {
  const looked = SLOTS.map((name) => ({ name, process: keeper.slots[name].state.process }));
  const dead = new Set<SlotName>();
  for (const { name } of looked) if (!(await keeper.slots[name].isAlive())) dead.add(name);
  // A command may have started one again while we looked: then what was seen is of the past.
  for (const { name, process } of looked) if (keeper.slots[name].state.process !== process) dead.delete(name);
  pointFront(keeper, dead);
}

/** A hold during which no daemon said anything for this long is forgotten: an exchange says something every few seconds. */
const FORGOTTEN_HOLD_MS = 90_000;

/**
 * Lets requests go again where the daemon that held them is gone for good and what served before still runs. The daemon that comes back
 * holds again before it does anything else.
 */
async function endForgottenHold({ memory, slots, front, clock, commandedMs }: Keeper, say: (line: string) => void): Promise<void> {
  const { holding, routed } = memory.state;
  if (!holding || routed === null || clock.monotonicMs() - commandedMs < FORGOTTEN_HOLD_MS) return;
  if (slots[routed].state.wanted !== "running" || !(await slots[routed].isAlive())) return;
  say("nobody ended the hold; requests go to the version that serves");
  await memory.change({ holding: false });
  front?.release();
}
