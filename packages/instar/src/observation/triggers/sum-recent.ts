import type { RecentCounts } from "../observation-state.ts";

export interface RecentSum {
  readonly requests: number;
  readonly failed: number;
  readonly slow: readonly number[];
  readonly besideRequests: number;
  readonly besideFailed: number;
  /** How far back it reaches. */
  readonly spanMs: number;
}

/** What came within `spanMs`; where that is fewer than `fewest` requests, as far back as there are so many, if they are remembered. */
export function sumRecent(recent: readonly RecentCounts[], nowTickMs: number, spanMs: number, fewest: number): RecentSum {
  let sum: RecentSum = { requests: 0, failed: 0, slow: [], besideRequests: 0, besideFailed: 0, spanMs };
  for (const counts of recent.toReversed()) {
    const ageMs = nowTickMs - counts.tickMs;
    if (ageMs >= spanMs && sum.requests >= fewest) break;
    sum = {
      requests: sum.requests + counts.requests,
      failed: sum.failed + counts.failed,
      slow: counts.slow.map((slow, index) => slow + (sum.slow[index] ?? 0)),
      besideRequests: sum.besideRequests + (counts.beside?.requests ?? 0),
      besideFailed: sum.besideFailed + (counts.beside?.failed ?? 0),
      spanMs: Math.max(sum.spanMs, ageMs),
    };
  }
  return sum;
}
