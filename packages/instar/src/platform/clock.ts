/** Where time comes from. Nothing else in Instar asks the machine what time it is, so tests own the time. */
export interface Clock {
  /** Wall time in milliseconds since 1970. May jump either way: for people's eyes, never for a duration. */
  wallMs(): number;
  /** Milliseconds that never run backward within this process, and mean nothing outside it. */
  monotonicMs(): number;
  /** Resolves after `ms`, or at once with the reason when `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** A longer timer overflows and fires at once; whoever sleeps asks again anyway. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const timer = setTimeout(
        () => {
          signal?.removeEventListener("abort", abort);
          resolve();
        },
        Math.min(ms, LONGEST_TIMER_MS),
      );
      const abort = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", abort, { once: true });
    }),
};
