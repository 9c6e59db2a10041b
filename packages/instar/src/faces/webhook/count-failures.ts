import type { Clock } from "../../platform/clock.ts";

export interface ThrottledSender {
  /** null while it is no more than somebody's mistake. */
  readonly retryAfterMs: number | null;
  readonly beginsEpisode: boolean;
}

/** How failures of one sender are counted; what is remembered of them is not this face's affair. */
export interface FailureCount<Failures> {
  readonly none: Failures;
  readonly count: (failures: Failures, nowMs: number) => ThrottledSender & { readonly failures: Failures };
}

/** Whoever has more addresses than this is not slowed by counting them. */
const MOST_ADDRESSES = 1_000;

/** Counts by address. The one that failed longest ago is forgotten first. */
export function createSenderThrottle<Failures>(
  { none, count }: FailureCount<Failures>,
  clock: Pick<Clock, "monotonicMs">,
): (address: string) => ThrottledSender {
  const byAddress = new Map<string, Failures>();
  return (address) => {
    const { failures, ...throttled } = count(byAddress.get(address) ?? none, clock.monotonicMs());
    byAddress.delete(address);
    byAddress.set(address, failures);
    for (const oldest of byAddress.keys()) {
      if (byAddress.size <= MOST_ADDRESSES) break;
      byAddress.delete(oldest);
    }
    return throttled;
  };
}
