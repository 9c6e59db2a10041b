import type { InstarError } from "@instar/protocol";
import type { Clock } from "../../platform/clock.ts";

export interface TimeLimit {
  readonly clock: Clock;
  /** How often it is asked. */
  readonly everyMs: number;
  /** What ends the work; undefined lets it go on. */
  readonly judge: () => InstarError | undefined;
}

/** Runs `act` until it ends, or until `judge` says that it took too long: then its signal is aborted, and that error is thrown whatever `act` makes of it. */
export async function withTimeLimit<T>(
  { clock, everyMs, judge }: TimeLimit,
  signal: AbortSignal | undefined,
  act: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const done = new AbortController();
  const watch = async (): Promise<void> => {
    while (!done.signal.aborted) {
      await clock.sleep(everyMs, done.signal);
      const late = judge();
      if (late !== undefined) return over.abort(late);
    }
  };
  // It ends by being woken when the work is done; there is nothing to hear from it then.
  watch().catch(() => {});
  try {
    return await act(signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]));
  } catch (error) {
    if (over.signal.aborted && !signal?.aborted) throw over.signal.reason;
    throw error;
  } finally {
    done.abort(new Error("it is over"));
  }
}
