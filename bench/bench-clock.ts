/** The bench's one clock: milliseconds of the system's monotonic clock, the same in every process of this machine. */
export function nowMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}

/** A time as Instar's journal writes it, on the bench's clock. Exact to a millisecond, unless the wall clock jumps in between. */
export function fromWall(iso: string): number {
  return nowMs() - (Date.now() - Date.parse(iso));
}

/** When this run was, for whoever reads the results. */
export function today(): string {
  return new Date().toISOString();
}

/** @throws the signal's reason */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/** Asks again and again until there is an answer. @throws Error after `withinMs`, which is generous: a bench that hangs measures nothing */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  signal?: AbortSignal,
  everyMs = 20,
  withinMs = 30_000,
): Promise<T> {
  const untilMs = nowMs() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (nowMs() > untilMs) throw new Error(`waited in vain for ${what}`);
    await sleep(everyMs, signal);
  }
}
