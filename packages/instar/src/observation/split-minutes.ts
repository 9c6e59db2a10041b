import type { MetricsBucket } from "./metrics-bucket.ts";

export interface Minute {
  readonly buckets: readonly MetricsBucket[];
  /** Of what was known, weighed equally; null where nothing was. */
  readonly mean: (numberOf: (bucket: MetricsBucket) => number | null) => number | null;
  /** Of counts: as many as a whole minute would have had; null where nothing was known. */
  readonly perMinute: (countOf: (bucket: MetricsBucket) => number | null) => number | null;
}

const MINUTE_MS = 60_000;

/** Buckets in order, in groups that cover a minute each; what is left at the end is none. */
export function splitMinutes(buckets: readonly MetricsBucket[]): Minute[] {
  const minutes: Minute[] = [];
  let open: MetricsBucket[] = [];
  let coveredMs = 0;
  for (const bucket of buckets) {
    open.push(bucket);
    coveredMs += bucket.coveredMs;
    if (coveredMs < MINUTE_MS) continue;
    minutes.push(asMinute(open));
    [open, coveredMs] = [[], 0];
  }
  return minutes;
}

function asMinute(buckets: readonly MetricsBucket[]): Minute {
  const read = (numberOf: (bucket: MetricsBucket) => number | null) =>
    buckets.flatMap((bucket) => {
      const value = numberOf(bucket);
      return value === null ? [] : [{ value, coveredMs: bucket.coveredMs }];
    });
  return {
    buckets,
    mean: (numberOf) => {
      const known = read(numberOf);
      return known.length === 0 ? null : known.reduce((sum, { value }) => sum + value, 0) / known.length;
    },
    perMinute: (countOf) => {
      const known = read(countOf);
      const coveredMs = known.reduce((sum, { coveredMs: spanMs }) => sum + spanMs, 0);
      return coveredMs === 0 ? null : (known.reduce((sum, { value }) => sum + value, 0) * MINUTE_MS) / coveredMs;
    },
  };
}
