import type { Clock } from "../../platform/clock.ts";
import { type Reading, silent } from "./reading.ts";

interface SourceOptions {
  /** How long it may take until it counts as silent. It is never asked a second time before it has answered. */
  readonly withinMs: number;
  readonly clock: Pick<Clock, "monotonicMs">;
}

/**
 * Something that is asked now and then and may hang. Nobody waits for it: what it answers is there at the next `take`, and while it hangs it is silent, with why. So no source
 * delays another one.
 */
export class BackgroundSource<Value> {
  readonly #ask: () => Promise<Reading<Value>>;
  readonly #options: SourceOptions;
  #answers: Reading<Value>[] = [];
  #askedMs: number | undefined;
  #isAsking = false;
  #heardMs: number | undefined;

  constructor(options: SourceOptions, ask: () => Promise<Reading<Value>>) {
    this.#options = options;
    this.#ask = ask;
  }

  /** Asks, where it is time and the last question was answered. */
  pump(everyMs: number): void {
    const nowMs = this.#options.clock.monotonicMs();
    if (this.#isAsking || (this.#askedMs !== undefined && nowMs - this.#askedMs < everyMs)) return;
    this.#askedMs = nowMs;
    this.#isAsking = true;
    void this.#ask()
      .catch((error: unknown) => silent(error instanceof Error ? error.message : String(error)))
      .then((answer) => {
        this.#isAsking = false;
        this.#heardMs = this.#options.clock.monotonicMs();
        this.#answers.push(answer);
      });
  }

  /** What came since it was taken last, in order; `missing` says why nothing is known of late, where that is so. */
  take(everyMs: number): { readonly answers: readonly Reading<Value>[]; readonly missing: string | null } {
    const answers = this.#answers;
    this.#answers = [];
    return { answers, missing: answers.length > 0 ? null : this.#explainSilence(everyMs) };
  }

  #explainSilence(everyMs: number): string | null {
    const nowMs = this.#options.clock.monotonicMs();
    if (this.#heardMs === undefined) return "it has not answered yet";
    return nowMs - this.#heardMs > everyMs + this.#options.withinMs ? `it has not answered for ${Math.round((nowMs - this.#heardMs) / 1_000)} s` : null;
  }
}
