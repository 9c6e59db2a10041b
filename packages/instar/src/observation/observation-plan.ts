import { BUCKET_MS } from "./metrics-bucket.ts";
import type { ObservationBaseline } from "./observation-baseline.ts";
import type { ObservationLimits } from "./observation-limits.ts";

/** What a new version is compared with and held to: settled before the first bucket. */
export interface ObservationPlan {
  readonly limits: ObservationLimits;
  readonly baseline: ObservationBaseline;
}

/** How many buckets the longest watch has: among so many moments something may change. */
export function planPoints({ maxMs }: ObservationLimits): number {
  return Math.max(12, Math.ceil(maxMs / BUCKET_MS));
}
