import type { Facts } from "../database/facts.ts";
import type { Clock } from "../platform/clock.ts";

/** A step of the monotonic clock longer than this counts as this: a machine that slept did not watch. */
const MOST_PER_TICK_MS = 60_000;

/**
 * The instance's own time: capped ticks of the monotonic clock, added up across daemons. It stands still while no daemon
 * lives, and a jump of the wall clock does not touch it; so neither ends a window nor promotes anything.
 */
export class InstanceTime {
  readonly #clock: Clock;
  readonly #facts: Facts;
  #tickMs: number;
  #seenMs: number;

  /** `atLeastMs`: the newest journal entry's tick, which may be ahead of what was stored last. */
  constructor(clock: Clock, facts: Facts, atLeastMs: number) {
    this.#clock = clock;
    this.#facts = facts;
    this.#tickMs = Math.max(facts.read<number>("tickMs") ?? 0, atLeastMs);
    this.#seenMs = clock.monotonicMs();
  }

  wallMs(): number {
    return this.#clock.wallMs();
  }

  tickMs(): number {
    const nowMs = this.#clock.monotonicMs();
    this.#tickMs += Math.min(Math.max(nowMs - this.#seenMs, 0), MOST_PER_TICK_MS);
    this.#seenMs = nowMs;
    return this.#tickMs;
  }

  /** Stores how far it has come. A crash in between loses at most what came since, and so only makes a wait longer. */
  store(): void {
    this.#facts.write("tickMs", Math.round(this.tickMs()));
  }
}
