/** What is known of a recorded bucket without reading it. */
export interface RecordedSpan {
  readonly release: string;
  readonly tickMs: number;
  readonly coveredMs: number;
  readonly sizeBytes: number;
}

export interface ThinningPlan {
  /** Each list becomes one bucket, in the place of the last of it. */
  readonly merge: readonly (readonly RecordedSpan[])[];
  readonly remove: readonly RecordedSpan[];
}

/** As it was seen for so long; then five minutes become one. A week and a day, so that there is a like time of the day and of the week. */
const AS_SEEN_MS = 2 * 3_600_000;
const MERGED_SPAN_MS = 300_000;
const KEPT_MS = 8 * 24 * 3_600_000;
/** A day and a half of spans of a watch of 72 h that were closed early; some ten MiB. Whatever happens the database does not grow beyond it. */
const MOST_ROWS = 60_000;
const MOST_BYTES = 64 * 1_048_576;

/**
 * What becomes of old buckets. Pure.
 *
 * @param spans all that is recorded, oldest first
 * @param watchedSinceTickMs where a watch is going on: what it saw stays as it was seen, so that its verdicts can be computed again
 */
export function planThinning(spans: readonly RecordedSpan[], nowTickMs: number, watchedSinceTickMs: number | null): ThinningPlan {
  const mergeBeforeMs = Math.min(nowTickMs - AS_SEEN_MS, watchedSinceTickMs ?? nowTickMs);
  // Only spans that are over: what comes later for them would be merged a second time.
  const mergeable = spans.filter(({ tickMs }) => groupEnd(tickMs) <= mergeBeforeMs && nowTickMs - tickMs <= KEPT_MS);
  const merge = [...Map.groupBy(mergeable, ({ release, tickMs }) => `${release} ${groupEnd(tickMs)}`).values()].filter((group) => group.length > 1);
  const remove = spans.filter(({ tickMs }) => nowTickMs - tickMs > KEPT_MS);
  const kept = spans.slice(remove.length);
  let rows = kept.length;
  let bytes = kept.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const tooMuch = kept.filter(({ sizeBytes }) => {
    const isOver = rows > MOST_ROWS || bytes > MOST_BYTES;
    if (isOver) {
      rows -= 1;
      bytes -= sizeBytes;
    }
    return isOver;
  });
  const gone = new Set(tooMuch);
  return { merge: merge.filter((group) => !group.some((span) => gone.has(span))), remove: [...remove, ...tooMuch] };
}

const groupEnd = (tickMs: number) => Math.ceil(tickMs / MERGED_SPAN_MS) * MERGED_SPAN_MS;
