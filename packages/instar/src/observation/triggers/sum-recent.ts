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
  let [requests, failed, besideRequests, besideFailed, reachMs] = [0, 0, 0, 0, spanMs];
  const slow = (recent[0]?.slow ?? []).map(() => 0);
  for (let index = recent.length - 1; index >= 0; index -= 1) {
    const counts = recent[index];
    if (counts === undefined) break;
    const ageMs = nowTickMs - counts.tickMs;
    if (ageMs >= spanMs && requests >= fewest) break;
    requests += counts.requests;
    failed += counts.failed;
    besideRequests += counts.beside?.requests ?? 0;
    besideFailed += counts.beside?.failed ?? 0;
    for (let level = 0; level < slow.length; level += 1) slow[level] = (slow[level] ?? 0) + (counts.slow[level] ?? 0);
    reachMs = Math.max(reachMs, ageMs);
  }
  return { requests, failed, slow, besideRequests, besideFailed, spanMs: reachMs };
}
