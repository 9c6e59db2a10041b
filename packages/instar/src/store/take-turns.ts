import { setImmediate } from "node:timers/promises";

export interface Turns {
  /** Counts work done; now and then lets others have a turn, and throws the signal's reason when it has aborted. */
  take(bytes?: number): Promise<void>;
}

/** About as much as a disk does in ten milliseconds. */
const BYTES_PER_TURN = 4 * 1_048_576;
const CALLS_PER_TURN = 128;

/**
 * Small files are read and written with synchronous calls, several times faster than a thread for each; this keeps the
 * daemon answering in between.
 */
export function createTurns(signal?: AbortSignal): Turns {
  let bytesLeft = BYTES_PER_TURN;
  let callsLeft = CALLS_PER_TURN;
  return {
    take: async (bytes = 0) => {
      bytesLeft -= bytes;
      callsLeft -= 1;
      if (bytesLeft > 0 && callsLeft > 0) return;
      bytesLeft = BYTES_PER_TURN;
      callsLeft = CALLS_PER_TURN;
      await setImmediate();
      signal?.throwIfAborted();
    },
  };
}
