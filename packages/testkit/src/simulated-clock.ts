export interface SimulatedClockOptions {
  readonly wallMs?: number;
  readonly monotonicMs?: number;
  /** `stand`: a sleeper waits until the test moves time. `skip`: going to sleep moves time on by just that long. */
  readonly whenAsleep?: "stand" | "skip";
}

interface Sleeper {
  readonly untilMs: number;
  readonly wake: () => void;
}

/** A clock whose time moves only when a test says so. Has the shape of Instar's Clock port. */
export class SimulatedClock {
  readonly #skips: boolean;
  readonly #sleepers = new Set<Sleeper>();
  #wallMs: number;
  #monotonicMs: number;

  constructor({ wallMs = Date.UTC(2026, 0, 2), monotonicMs = 1_000, whenAsleep = "stand" }: SimulatedClockOptions = {}) {
    this.#wallMs = wallMs;
    this.#monotonicMs = monotonicMs;
    this.#skips = whenAsleep === "skip";
  }

  wallMs(): number {
    return this.#wallMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  /** How many wait to be woken: what a test waits for before it moves time. */
  get sleepers(): number {
    return this.#sleepers.size;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) throw signal.reason;
    if (this.#skips) return this.advance(ms);
    await new Promise<void>((resolve, reject) => {
      const leave = (): void => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener("abort", abort);
      };
      const abort = (): void => {
        leave();
        reject(signal?.reason);
      };
      const sleeper: Sleeper = {
        untilMs: this.#monotonicMs + ms,
        wake: () => {
          leave();
          resolve();
        },
      };
      this.#sleepers.add(sleeper);
      signal?.addEventListener("abort", abort, { once: true });
    });
  }

  /** Both clocks move on; whoever slept long enough wakes, the earliest first. */
  advance(ms: number): void {
    this.#wallMs += ms;
    this.#monotonicMs += ms;
    const due = [...this.#sleepers].filter((sleeper) => sleeper.untilMs <= this.#monotonicMs).sort((one, other) => one.untilMs - other.untilMs);
    for (const sleeper of due) sleeper.wake();
  }

  /** The wall clock is set, forward or back; nothing else notices. */
  jumpWall(ms: number): void {
    this.#wallMs += ms;
  }
}
