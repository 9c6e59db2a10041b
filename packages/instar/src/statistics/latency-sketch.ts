/**
 * How latencies are spread, in a few hundred integers: buckets whose borders grow by a constant factor, so that every
 * quantile is right within 2 % (DDSketch, Masson, Rim and Lee 2019, §2). Plain JSON: it survives a restart of the keeper, and
 * adding up two sketches gives exactly the sketch of all their values.
 */
export interface LatencySketch {
  count: number;
  /** How many values fell into the bucket that ends at GAMMA^index milliseconds, by index. */
  buckets: Record<string, number>;
}

const RELATIVE_ERROR = 0.02;
const GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR);
const LOG_GAMMA = Math.log(GAMMA);
/** Faster than a loopback round trip, and longer than any wait for a head: what bounds a sketch to 576 buckets. */
const SHORTEST_MS = 0.01;
const LONGEST_MS = 86_400_000;

export function emptySketch(): LatencySketch {
  return { count: 0, buckets: {} };
}

/** Adds one value in place: a request must not cost a copy of the whole sketch. */
export function addToSketch(sketch: LatencySketch, valueMs: number): void {
  const index = indexOf(valueMs);
  sketch.count += 1;
  sketch.buckets[index] = (sketch.buckets[index] ?? 0) + 1;
}

/** The sketch of all values of both. Neither is changed. */
export function mergeSketches(left: LatencySketch, right: LatencySketch): LatencySketch {
  const buckets = { ...left.buckets };
  for (const [index, count] of Object.entries(right.buckets)) buckets[index] = (buckets[index] ?? 0) + count;
  return { count: left.count + right.count, buckets };
}

/** What came since `earlier`, of two readings of one cumulative sketch. */
export function subtractSketch(later: LatencySketch, earlier: LatencySketch): LatencySketch {
  const buckets: Record<string, number> = {};
  for (const [index, count] of Object.entries(later.buckets)) {
    const since = count - (earlier.buckets[index] ?? 0);
    if (since > 0) buckets[index] = since;
  }
  return { count: later.count - earlier.count, buckets };
}

/** The latency in milliseconds that the share `quantile` (0 to 1) of the values does not exceed; undefined without values. */
export function quantileOfSketch(sketch: LatencySketch, quantile: number): number | undefined {
  const rank = Math.min(Math.max(quantile, 0), 1) * (sketch.count - 1);
  const indexes = Object.keys(sketch.buckets).map(Number);
  indexes.sort((left, right) => left - right);
  let seen = 0;
  for (const index of indexes) {
    seen += sketch.buckets[index] ?? 0;
    if (seen > rank) return middleOf(index);
  }
  return undefined;
}

/** How many values are surely above `limitMs`: those of buckets that begin there or later. */
export function countAbove(sketch: LatencySketch, limitMs: number): number {
  const first = indexOf(limitMs) + 1;
  let count = 0;
  for (const index in sketch.buckets) if (Number(index) >= first) count += sketch.buckets[index] ?? 0;
  return count;
}

/** A value that is no number (a clock that failed) counts as the longest: never a reason to call a release fast. */
function indexOf(valueMs: number): number {
  const boundedMs = Number.isNaN(valueMs) ? LONGEST_MS : Math.min(Math.max(valueMs, SHORTEST_MS), LONGEST_MS);
  return Math.ceil(Math.log(boundedMs) / LOG_GAMMA);
}

/** The value of a bucket that is at most 2 % away from both of its borders. */
function middleOf(index: number): number {
  return (2 * GAMMA ** index) / (GAMMA + 1);
}
