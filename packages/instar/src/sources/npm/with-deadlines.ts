import { InstarError } from "@instar/protocol";
import type { Clock } from "../../platform/clock.ts";

export interface Deadlines {
  readonly clock: Clock;
  readonly wholeMs: number;
  readonly idleMs: number;
  /** Who is waited for, and with what: it follows "waited in vain for". */
  readonly what: string;
}

export interface Within {
  readonly signal: AbortSignal;
  /** Something came: the idle time begins anew. */
  readonly heard: () => void;
}

/**
 * Ends what takes too long as a whole, or is silent for too long in between: a byte a second is never silent, and never done.
 *
 * @throws InstarError TIMED_OUT; the signal's reason; what `act` throws
 */
export async function withDeadlines<T>(
  { clock, wholeMs, idleMs, what }: Deadlines,
  signal: AbortSignal | undefined,
  act: (within: Within) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const late = new AbortController();
  const done = new AbortController();
  let heardMs = clock.monotonicMs();
  const end = (afterMs: number, how: string): void =>
    late.abort(new InstarError("TIMED_OUT", `waited in vain for ${what}: ${how}`, { facts: { afterMs }, transient: true }));
  const watchWhole = async (): Promise<void> => {
    await clock.sleep(wholeMs, done.signal);
    end(wholeMs, `it did not come within ${wholeMs / 1_000} s`);
  };
  const watchIdle = async (): Promise<void> => {
    for (let leftMs = idleMs; leftMs > 0; leftMs = heardMs + idleMs - clock.monotonicMs()) await clock.sleep(leftMs, done.signal);
    end(idleMs, `nothing came for ${idleMs / 1_000} s`);
  };
  // Woken when the work is done; there is nothing to hear from them then.
  for (const watch of [watchWhole, watchIdle]) watch().catch(() => {});
  try {
    return await act({
      signal: signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]),
      heard: () => {
        heardMs = clock.monotonicMs();
      },
    });
  } catch (error) {
    signal?.throwIfAborted();
    throw late.signal.aborted ? late.signal.reason : error;
  } finally {
    done.abort(new Error("it is done"));
  }
}
