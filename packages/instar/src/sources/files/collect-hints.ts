import type { Clock } from "../../platform/clock.ts";

/** What was hinted until it was quiet. Paths are relative, with `/`; one that ends in `/` is a folder that came or went with all it holds. */
export type Burst = { readonly kind: "paths"; readonly paths: ReadonlySet<string> } | { readonly kind: "anything"; readonly because: string };

export interface Hints {
  readonly hint: (path: string) => void;
  /** For when no list would be whole. */
  readonly anything: (because: string) => void;
  /** Waits for the next burst and takes it. @param settle waits for hints that are being worked out @throws the signal's reason */
  readonly next: (settle: () => Promise<void>, signal: AbortSignal) => Promise<Burst>;
}

/** More are not worth their memory: whoever hears of so many looks at everything anyway. */
const MOST_PATHS = 10_000;

/** Gathers hints until none came for `quietMs`, or for `longestMs` since the first. */
export function collectHints({ quietMs, longestMs, clock }: { quietMs: number; longestMs: number; clock: Clock }): Hints {
  let paths = new Set<string>();
  let because: string | undefined;
  let span: { readonly firstMs: number; lastMs: number } | undefined;
  let begun = Promise.withResolvers<void>();
  const note = () => {
    const nowMs = clock.monotonicMs();
    if (span === undefined) span = { firstMs: nowMs, lastMs: nowMs };
    else span.lastMs = nowMs;
    begun.resolve();
  };
  const take = (): Burst => {
    const burst: Burst = because === undefined ? { kind: "paths", paths } : { kind: "anything", because };
    paths = new Set();
    because = undefined;
    span = undefined;
    begun = Promise.withResolvers();
    return burst;
  };
  return {
    hint: (path) => {
      if (paths.size < MOST_PATHS) paths.add(path);
      else because ??= `more than ${MOST_PATHS} paths changed at once`;
      note();
    },
    anything: (reason) => {
      because ??= reason;
      note();
    },
    next: async (settle, signal) => {
      await untilEither(begun.promise, signal);
      for (;;) {
        await settle();
        const { firstMs, lastMs } = span ?? { firstMs: 0, lastMs: 0 };
        const waitMs = Math.min(lastMs + quietMs, firstMs + longestMs) - clock.monotonicMs();
        if (waitMs <= 0) return take();
        await clock.sleep(waitMs, signal);
      }
    },
  };
}

/** @throws the signal's reason */
export async function untilEither(work: Promise<void>, signal: AbortSignal): Promise<void> {
  work.catch(() => {}); // whichever is first, the other is nobody's any more
  signal.throwIfAborted();
  const ended = Promise.withResolvers<never>();
  const end = () => ended.reject(signal.reason);
  signal.addEventListener("abort", end, { once: true });
  try {
    await Promise.race([work, ended.promise]);
  } finally {
    signal.removeEventListener("abort", end);
  }
}
