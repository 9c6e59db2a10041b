import type { SeriesPoint } from "@instar/protocol";
import { mergeBuckets } from "../observation/gather/merge-buckets.ts";
import type { FrontCount, MetricsBucket } from "../observation/metrics-bucket.ts";
import { quantileOfSketch } from "../statistics/latency-sketch.ts";
import { normalQuantile } from "../statistics/normal-quantile.ts";
import { wilsonBounds } from "../statistics/wilson-bounds.ts";

const Z = normalQuantile(0.975);

/** What was seen, as at most so many points: of as many neighbouring spans each as it takes. What was counted adds up, of gauges the median stays. Pure. */
export function foldSeries(buckets: readonly MetricsBucket[], most: number): SeriesPoint[] {
  const each = Math.max(1, Math.ceil(buckets.length / most));
  return Array.from({ length: Math.ceil(buckets.length / each) }, (_, at) => {
    const group = buckets.slice(at * each, (at + 1) * each);
    const { wallMs, tickMs, coveredMs, front, health, restarts, residentBytes, eventLoopDelayMs, logErrors, metrics } = mergeBuckets(group, NONE);
    return {
      at: new Date(wallMs).toISOString(),
      ...{ tickMs, coveredMs },
      ...countsOf(front),
      healthChecks: health.length,
      healthFailed: health.filter(({ verdict }) => verdict !== "pass").length,
      ...{ restarts, residentBytes, eventLoopDelayMs, logErrors },
      metrics: { ...metrics },
    };
  });
}

/** Of the version beside a candidate in the same spans, as if it had been seen by itself: only its front is counted. */
export const besideOf = (buckets: readonly MetricsBucket[], release: string): MetricsBucket[] =>
  buckets.flatMap((bucket) =>
    bucket.beside === null
      ? []
      : [
          {
            ...bucket,
            release,
            front: bucket.beside,
            beside: null,
            health: [],
            restarts: 0,
            residentBytes: null,
            eventLoopDelayMs: null,
            logErrors: null,
            metrics: {},
          },
        ],
  );

const NONE: ReadonlySet<string> = new Set();

function countsOf(front: FrontCount | null): Pick<SeriesPoint, "requests" | "failed" | "failedShare" | "medianMs" | "p95Ms"> {
  if (front === null) return { requests: null, failed: null, failedShare: null, medianMs: null, p95Ms: null };
  const { requests, failed, latency } = front;
  const share = requests === 0 ? null : { value: failed / requests, ...wilsonBounds(failed, requests, Z) };
  return { requests, failed, failedShare: share, medianMs: quantileOfSketch(latency, 0.5) ?? null, p95Ms: quantileOfSketch(latency, 0.95) ?? null };
}
