import { armsRatios } from "../../statistics/arms-ratios.ts";
import { foldChangePoint, logShareRatios } from "../../statistics/change-point-evidence.ts";
import { countAbove } from "../../statistics/latency-sketch.ts";
import type { FrontCount, MetricsBucket } from "../metrics-bucket.ts";
import { type ObservationPlan, planWeight } from "../observation-plan.ts";
import type { Counts, ErrorState, LatencyLevelState, ObservationState, RecentCounts } from "../observation-state.ts";
import { planErrorLimits } from "./error-limits.ts";
import { LATENCY_LEVELS, planLatencyLimitMs, WARM_UP_MS } from "./latency-levels.ts";

/** Parts of the way from the limit to 1 at which the share of failures (or of slow requests) may have arrived. */
const ALTERNATIVES = [0.06, 0.14, 0.25, 0.4, 0.6, 0.8, 0.95];
/** How many times as often as the version beside it. */
const TIMES = [1.5, 2, 3, 6, 15, 50];
/** The longest sliding window, and how much further back it reaches for FEWEST requests where hardly anybody asks. */
const RECENT_MS = 300_000;
const SPARSE_MS = 900_000;
const FEWEST = 5;

/** Adds what the front counted in a span to failures and latencies. A span that the front said nothing of changes nothing. */
export function foldFront(state: ObservationState, bucket: MetricsBucket, plan: ObservationPlan): Pick<ObservationState, "errors" | "latency"> {
  const { front, beside, tickMs } = bucket;
  if (front === null) return { errors: state.errors, latency: state.latency };
  const isWarm = state.countedMs >= WARM_UP_MS;
  const slow = LATENCY_LEVELS.map((level) => {
    if (!isWarm) return undefined;
    const limitMs = planLatencyLimitMs(plan.baseline, plan.limits.slowdown, level, bucket.wallMs);
    return limitMs === undefined ? undefined : { own: countAbove(front.latency, limitMs), beside: beside === null ? 0 : countAbove(beside.latency, limitMs) };
  });
  const recent: RecentCounts = {
    tickMs,
    requests: front.requests,
    failed: front.failed,
    slow: slow.map((counts) => counts?.own ?? 0),
    beside: beside === null ? null : countsOf(beside),
  };
  return {
    errors: foldErrors(state.errors, bucket, front, plan, recent),
    latency: state.latency.map((level, index) => foldLevel(level, index, front, beside, slow[index], planWeight(plan.limits, bucket.coveredMs))),
  };
}

function foldErrors(
  errors: ErrorState,
  { beside, wallMs, tickMs, coveredMs }: MetricsBucket,
  front: FrontCount,
  plan: ObservationPlan,
  recent: RecentCounts,
): ErrorState {
  const { allowed, usual, dispersion } = planErrorLimits(plan.baseline, plan.limits, wallMs);
  const weight = planWeight(plan.limits, coveredMs);
  const temper = (logs: number[]) => logs.map((log) => log / dispersion);
  const shares = ALTERNATIVES.map((part) => allowed + (1 - allowed) * part);
  const arms = beside !== null && { requests: front.requests, failed: front.failed, besideRequests: beside.requests, besideFailed: beside.failed };
  return {
    total: addCounts(errors.total, front),
    lastTickMs: tickMs,
    beside: beside === null ? errors.beside : addCounts(errors.beside, beside),
    recent: keepRecent(errors.recent, recent, tickMs),
    rise: foldChangePoint(errors.rise, temper(logShareRatios(front.failed, front.requests, usual, shares)), weight),
    apart: arms ? foldChangePoint(errors.apart, temper(armsRatios(arms, TIMES)), weight) : errors.apart,
  };
}

function foldLevel(
  level: LatencyLevelState,
  index: number,
  front: FrontCount,
  beside: FrontCount | null,
  slow: { readonly own: number; readonly beside: number } | undefined,
  weight: number,
): LatencyLevelState {
  const share = LATENCY_LEVELS[index]?.share;
  if (slow === undefined || share === undefined) return level;
  // By the sketch's own count: a request that never got an answer failed, and has no latency.
  const requests = front.latency.count;
  const shares = ALTERNATIVES.map((part) => share + (1 - share) * part);
  const arms = beside !== null && { requests, failed: slow.own, besideRequests: beside.latency.count, besideFailed: slow.beside };
  return {
    requests: level.requests + requests,
    slow: level.slow + slow.own,
    besideRequests: level.besideRequests + (beside?.latency.count ?? 0),
    besideSlow: level.besideSlow + slow.beside,
    rise: foldChangePoint(level.rise, logShareRatios(slow.own, requests, share, shares), weight),
    apart: arms ? foldChangePoint(level.apart, armsRatios(arms, TIMES), weight) : level.apart,
  };
}

function keepRecent(recent: readonly RecentCounts[], newest: RecentCounts, tickMs: number): readonly RecentCounts[] {
  const all = newest.requests === 0 && (newest.beside?.requests ?? 0) === 0 ? recent : [...recent, newest];
  let requests = 0;
  const first = all.findLastIndex((counts) => {
    const ageMs = tickMs - counts.tickMs;
    if (ageMs >= SPARSE_MS || (ageMs >= RECENT_MS && requests >= FEWEST)) return true;
    requests += counts.requests;
    return false;
  });
  return first === -1 ? all : all.slice(first + 1);
}

const addCounts = (total: Counts | null, { requests, failed }: Counts): Counts => ({
  requests: (total?.requests ?? 0) + requests,
  failed: (total?.failed ?? 0) + failed,
});
const countsOf = ({ requests, failed }: Counts): Counts => ({ requests, failed });
