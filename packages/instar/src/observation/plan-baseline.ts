import { upperShareBound } from "../statistics/error-share-evidence.ts";
import { emptySketch, type LatencySketch, mergeSketches, quantileOfSketch } from "../statistics/latency-sketch.ts";
import { medianOf, robustSpread } from "../statistics/robust-spread.ts";
import type { MetricsBucket } from "./metrics-bucket.ts";
import type { ErrorBaseline, HourBaseline, LatencyBaseline, ObservationBaseline, ShiftBaseline } from "./observation-baseline.ts";
import { splitMinutes } from "./split-minutes.ts";
import { utcHourOf } from "./triggers/error-limits.ts";
import { scaleLogErrors } from "./triggers/fold-shifts.ts";

const HOUR_MS = 3_600_000;
/** What "the last hours before" are, for failures and latency; memory and the operator's metrics look a day back, which holds every hour once. */
const LAST_MS = 6 * HOUR_MS;
const DAY_MS = 24 * HOUR_MS;
/** An hour of the day speaks for itself where two days tell of it and an upper bound of the 95th percentile is worth something. */
const HOUR_DAYS = 2;
const HOUR_REQUESTS = 300;
/** The least from which a 95th percentile has an upper bound at 95 % (Wilks 1941). */
const LATENCY_REQUESTS = 59;
/** Swarms are only measured where there are failures to come in swarms. */
const SWARM_FAILURES = 10;
const SHIFT_MINUTES = 30;
const BOUND_Z = 1.6449;

/**
 * What the old version was like, from its own buckets before the exchange, in order of time. Failures and latency: of the same hour of earlier days where there
 * are enough, else of the last hours. Too little evidence is null, which excuses nothing and blames nobody.
 *
 * @param buckets of the version that ran last, oldest first; those of other versions are passed over
 */
export function planBaseline(buckets: readonly MetricsBucket[]): ObservationBaseline {
  const release = buckets.at(-1)?.release;
  const own = buckets.filter((bucket) => bucket.release === release);
  const last = takeLast(own, LAST_MS);
  const day = takeLast(own, DAY_MS);
  const minutes = splitMinutes(day);
  const health = own.flatMap((bucket) => bucket.health).filter(({ verdict }) => verdict !== "error");
  return {
    coveredMs: sumOf(own, ({ coveredMs }) => coveredMs),
    errors: planErrors(last),
    latency: planLatency(last),
    hours: planHours(own),
    residentBytes: mostOf(minutes.map((minute) => minute.mean((bucket) => bucket.residentBytes))),
    eventLoopDelayMs: mostOf(minutes.map((minute) => minute.mean((bucket) => bucket.eventLoopDelayMs))),
    health: { probes: health.length, failed: health.filter(({ verdict }) => verdict !== "pass").length },
    restarts: sumOf(own, ({ restarts }) => restarts),
    hasHeartbeat: own.some(({ heartbeatAgeMs }) => heartbeatAgeMs !== null),
    things: own.findLast(({ things }) => things !== null)?.things ?? {},
    logErrors: planLogErrors(minutes.map((minute) => minute.perMinute((bucket) => bucket.logErrors))),
    metrics: planMetrics(day, (name) => minutes.map((minute) => minute.mean((bucket) => bucket.metrics[name] ?? null))),
    silent: planSilent(takeLast(own, HOUR_MS)),
  };
}

function takeLast(buckets: readonly MetricsBucket[], spanMs: number): readonly MetricsBucket[] {
  let coveredMs = 0;
  const before = buckets.findLastIndex((bucket) => {
    coveredMs += bucket.coveredMs;
    return coveredMs > spanMs;
  });
  return buckets.slice(before + 1);
}

function planErrors(buckets: readonly MetricsBucket[]): ErrorBaseline | null {
  const requests = sumOf(buckets, ({ front }) => front?.requests ?? 0);
  const failed = sumOf(buckets, ({ front }) => front?.failed ?? 0);
  if (requests === 0) return null;
  return {
    requests,
    failed,
    atLeast: 1 - upperShareBound(requests - failed, requests, 0.05),
    atMost: upperShareBound(failed, requests, 0.01),
    dispersion: failed < SWARM_FAILURES ? 1 : measureDispersion(buckets, failed / requests),
  };
}

/**
 * Pearson's statistic of the minutes over their number: 1 for failures that do not depend on each other. As an upper bound (95 %): where they come in swarms, a few
 * minutes make all of it, and other hours have others.
 */
function measureDispersion(buckets: readonly MetricsBucket[], share: number): number {
  if (share >= 1) return 1;
  const squares = splitMinutes(buckets).flatMap(({ buckets: of }) => {
    const requests = sumOf(of, ({ front }) => front?.requests ?? 0);
    const failed = sumOf(of, ({ front }) => front?.failed ?? 0);
    return requests === 0 ? [] : [(failed - requests * share) ** 2 / (requests * share * (1 - share))];
  });
  const count = Math.max(2, squares.length);
  const mean = sumOf(squares, (square) => square) / count;
  const variance = sumOf(squares, (square) => (square - mean) ** 2) / (count - 1);
  return Math.max(1, mean + BOUND_Z * Math.sqrt(variance / count));
}

function planLatency(buckets: readonly MetricsBucket[]): LatencyBaseline | null {
  const sketch = buckets.reduce<LatencySketch>(
    (all, { front }) => (front === null || front.latency.count === 0 ? all : mergeSketches(all, front.latency)),
    emptySketch(),
  );
  if (sketch.count < LATENCY_REQUESTS) return null;
  // An upper bound of a quantile q is the sample's own at q + z √(q (1 - q) / n) (the normal form of the binomial order statistics).
  const upper = (quantile: number) => quantileOfSketch(sketch, Math.min(1, quantile + BOUND_Z * Math.sqrt((quantile * (1 - quantile)) / sketch.count))) ?? 0;
  return { requests: sketch.count, p50Ms: upper(0.5), p95Ms: upper(0.95) };
}

function planHours(buckets: readonly MetricsBucket[]): Readonly<Record<string, HourBaseline>> {
  const hours = Map.groupBy(buckets, ({ wallMs }) => utcHourOf(wallMs));
  const planned: Record<string, HourBaseline> = {};
  for (const [hour, of] of hours) {
    const days = new Set(of.map(({ wallMs }) => Math.floor(wallMs / DAY_MS))).size;
    const errors = planErrors(of);
    if (days >= HOUR_DAYS && errors !== null && errors.requests >= HOUR_REQUESTS) planned[hour] = { errors, latency: planLatency(of) };
  }
  return planned;
}

/** By their mean: most minutes of a healthy version have no error at all, and their median is nothing. */
function planLogErrors(counts: readonly (number | null)[]): ShiftBaseline | null {
  const values = counts.filter((count) => count !== null).map(scaleLogErrors);
  if (values.length < SHIFT_MINUTES) return null;
  // On this scale counts of a Poisson kind have a deviation of one half: fewer minutes than that tells are no reason to expect less.
  return { minutes: values.length, median: sumOf(values, (value) => value) / values.length, deviation: Math.max(0.5, robustSpread(values)) };
}

function planMetrics(buckets: readonly MetricsBucket[], pointsOf: (name: string) => readonly (number | null)[]): Readonly<Record<string, ShiftBaseline>> {
  const names = new Set(buckets.flatMap(({ metrics }) => Object.keys(metrics)));
  const planned: Record<string, ShiftBaseline> = {};
  for (const name of names) {
    const values = pointsOf(name).filter((value) => value !== null);
    const median = medianOf(values);
    const deviation = robustSpread(values);
    // Values of a size that no metric has leave no deviation to measure by.
    if (median !== undefined && values.length >= SHIFT_MINUTES && Number.isFinite(deviation)) planned[name] = { minutes: values.length, median, deviation };
  }
  return planned;
}

function planSilent(buckets: readonly MetricsBucket[]): string[] {
  const looks = new Map<string, number>();
  for (const { silent } of buckets) for (const source of Object.keys(silent)) looks.set(source, (looks.get(source) ?? 0) + 1);
  return [...looks].filter(([, count]) => count > buckets.length / 2).map(([source]) => source);
}

const sumOf = <T>(values: readonly T[], numberOf: (value: T) => number): number => values.reduce((sum, value) => sum + numberOf(value), 0);
const mostOf = (values: readonly (number | null)[]): number | null =>
  values.reduce((most, value) => (value === null ? most : Math.max(most ?? value, value)), null);
