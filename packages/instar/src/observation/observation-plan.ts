import { BUCKET_MS } from "./metrics-bucket.ts";
import type { ObservationBaseline } from "./observation-baseline.ts";
import type { ObservationLimits } from "./observation-limits.ts";

/** What a new version is compared with and held to: settled before the first bucket. */
export interface ObservationPlan {
  readonly limits: ObservationLimits;
  readonly baseline: ObservationBaseline;
}

/** The part of the longest watch that a bucket covers: so likely is it that something changes there, if anything does. Together they are 1 at most. */
export function planWeight({ maxMs }: ObservationLimits, coveredMs: number): number {
  return Math.min(1, Math.max(1, coveredMs) / Math.max(12 * BUCKET_MS, maxMs));
}
