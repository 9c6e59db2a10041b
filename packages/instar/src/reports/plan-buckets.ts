import type { Period } from "./fold-updates.ts";

export interface Buckets {
  /** What one is: day, week, month, … */
  readonly per: string;
  /** The day on which each begins, in UTC: YYYY-MM-DD. */
  readonly labels: readonly string[];
  /** Which one a time of the period falls into. */
  readonly indexOf: (atMs: number) => number;
}

/** More bars than this nobody can tell apart on a page. */
const MOST_BARS = 62;
const DAY_MS = 86_400_000;

/** How a period is cut for bars: the shortest of the lengths that gives no more than can be told apart. Days and weeks begin at midnight UTC, weeks on Monday. Pure. */
export function planBuckets({ fromMs, toMs }: Period): Buckets {
  // 1970-01-01 was a Thursday: weeks from Monday begin three days earlier.
  for (const [per, days, shift] of [
    ["day", 1, 0],
    ["week", 7, 3],
  ] as const) {
    const placeOf = (atMs: number) => Math.floor((Math.floor(atMs / DAY_MS) + shift) / days);
    const buckets = cut(per, placeOf, (place) => (place * days - shift) * DAY_MS, { fromMs, toMs });
    if (buckets.labels.length <= MOST_BARS) return buckets;
  }
  for (const [per, months] of [
    ["month", 1],
    ["quarter", 3],
    ["year", 12],
    ["10 years", 120],
    ["100 years", 1_200],
  ] as const) {
    const placeOf = (atMs: number) => Math.floor((new Date(atMs).getUTCFullYear() * 12 + new Date(atMs).getUTCMonth()) / months);
    const buckets = cut(per, placeOf, (place) => monthStart(place * months), { fromMs, toMs });
    if (buckets.labels.length <= MOST_BARS || months === 1_200) return buckets;
  }
  return { per: "day", labels: [], indexOf: () => 0 };
}

function cut(per: string, placeOf: (atMs: number) => number, startOf: (place: number) => number, { fromMs, toMs }: Period): Buckets {
  const first = placeOf(fromMs);
  // One too many is enough to know that it is too fine.
  const count = Math.min(placeOf(Math.max(fromMs, toMs - 1)) - first + 1, 2 * MOST_BARS);
  const labels = Array.from({ length: count }, (_, index) => new Date(startOf(first + index)).toISOString().slice(0, 10));
  return { per, labels, indexOf: (atMs) => placeOf(atMs) - first };
}

/** Date.UTC takes the years 0 to 99 for 1900 to 1999. */
function monthStart(month: number): number {
  const date = new Date(0);
  date.setUTCFullYear(Math.floor(month / 12), month % 12, 1);
  return date.getTime();
}
