import { useSyncExternalStore } from "react";
import { every, nowMs } from "../platform/clock.ts";

/** One timer for all that wait for the same: a list of a hundred times would have a hundred. */
class Ticking {
  #now = nowMs();
  #stop: (() => void) | undefined;
  readonly #listeners = new Set<() => void>();
  readonly #everyMs: number;

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  readonly get = (): number => this.#now;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    this.#stop ??= every(this.#everyMs, () => this.#tick());
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#stop?.();
      this.#stop = undefined;
    };
  };

  #tick(): void {
    this.#now = nowMs();
    for (const listener of [...this.#listeners]) listener();
  }
}

const TICKING = { second: new Ticking(1_000), minute: new Ticking(60_000) };

/** The time, again every so often: for what is shown relative to it. */
export function useNow(every: keyof typeof TICKING): number {
  const ticking = TICKING[every];
  const now = useSyncExternalStore(ticking.subscribe, ticking.get);
  // It stood still while nobody looked.
  return Math.max(now, nowMs() - (every === "second" ? 1_000 : 60_000));
}
