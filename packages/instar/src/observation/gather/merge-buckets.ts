import { mergeSketches } from "../../statistics/latency-sketch.ts";
import type { FrontCount, MetricsBucket } from "../metrics-bucket.ts";

/** Of the checks of one merged bucket so many are kept; beyond it the newest. */
const MOST_CHECKS = 150;

/**
 * Several buckets of one release, in order, as one that covers all of their time. What was counted adds up exactly, sketches too; of gauges the median stays, of ages and silences the worst.
 * Merging what was merged before gives the same counts as merging all at once.
 *
 * @param counters the names of those of the operator's metrics that count; the others are gauges
 * @throws RangeError without a bucket
 */
export function mergeBuckets(buckets: readonly MetricsBucket[], counters: ReadonlySet<string>): MetricsBucket {
  const last = buckets.at(-1);
  if (last === undefined) throw new RangeError("nothing to merge");
  const numbers = (pick: (bucket: MetricsBucket) => number | null) => buckets.flatMap((bucket) => pick(bucket) ?? []);
  const serving = buckets.map(({ isServing }) => isServing);
  const ages = numbers(({ heartbeatAgeMs }) => heartbeatAgeMs);
  const errors = numbers(({ logErrors }) => logErrors);
  return {
    release: last.release,
    tickMs: last.tickMs,
    wallMs: last.wallMs,
    coveredMs: sum(buckets.map(({ coveredMs }) => coveredMs)),
    front: mergeFronts(buckets.map(({ front }) => front)),
    beside: mergeFronts(buckets.map(({ beside }) => beside)),
    health: buckets
      .flatMap(({ health }) => health)
      .slice(-MOST_CHECKS)
      .map(({ verdict, because }) => ({ verdict, because: verdict === "pass" ? "" : because })),
    isServing: serving.includes(false) ? false : serving.includes(true) ? true : null,
    restarts: sum(buckets.map(({ restarts }) => restarts)),
    residentBytes: median(numbers(({ residentBytes }) => residentBytes)),
    eventLoopDelayMs: median(numbers(({ eventLoopDelayMs }) => eventLoopDelayMs)),
    heartbeatAgeMs: ages.length === 0 ? null : Math.max(...ages),
    logErrors: errors.length === 0 ? null : sum(errors),
    things: buckets.findLast(({ things }) => things !== null)?.things ?? null,
    damage: buckets.findLast(({ damage }) => damage !== null)?.damage ?? null,
    metrics: mergeMetrics(buckets, counters),
    silent: Object.assign({}, ...buckets.map(({ silent }) => silent)),
  };
}

function mergeFronts(fronts: readonly (FrontCount | null)[]): FrontCount | null {
  const known = fronts.flatMap((front) => front ?? []);
  const [first, ...more] = known;
  if (first === undefined) return null;
  return more.reduce(
    (left, right) => ({
      requests: left.requests + right.requests,
      failed: left.failed + right.failed,
      writes: left.writes + right.writes,
      latency: mergeSketches(left.latency, right.latency),
    }),
    first,
  );
}

function mergeMetrics(buckets: readonly MetricsBucket[], counters: ReadonlySet<string>): Record<string, number> {
  const names = new Set(buckets.flatMap(({ metrics }) => Object.keys(metrics)));
  return Object.fromEntries(
    [...names].map((name) => {
      const values = buckets.flatMap(({ metrics }) => metrics[name] ?? []);
      return [name, counters.has(name) ? sum(values) : (median(values) ?? 0)];
    }),
  );
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
}
