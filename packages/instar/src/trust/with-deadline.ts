import { InstarError } from "@instar/protocol";
import type { Clock } from "../platform/clock.ts";

export interface Deadline {
  readonly clock: Clock;
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Runs `act` with a signal that is aborted when its time is over, whatever it is waiting for then. @throws InstarError TIMED_OUT; what `act` throws; the signal's reason */
export async function withDeadline<T>({ clock, deadlineMs, signal }: Deadline, act: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const over = new AbortController();
  const done = new AbortController();
  signal?.throwIfAborted();
  // It ends by being woken when the work is done; there is nothing to hear from it then.
  clock.sleep(deadlineMs, done.signal).then(
    () => over.abort(new InstarError("TIMED_OUT", `the repository was not done answering after ${deadlineMs} ms`, { facts: { deadlineMs }, transient: true })),
    () => undefined,
  );
  try {
    return await act(signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]));
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    done.abort(new Error("it is over"));
  }
}
