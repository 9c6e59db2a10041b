import { emptySketch, type LatencySketch, subtractSketch } from "../../statistics/latency-sketch.ts";
import type { FrontCount } from "../metrics-bucket.ts";
import { heard, type Reading, silent } from "./reading.ts";

/** What the front had counted at one moment, for every release that it knows: cumulative over the life of the instance. */
export interface FrontReading {
  /** Which keeper said so: another one may have lost what came since it last saved. */
  readonly keeper: string;
  readonly releases: Readonly<Record<string, CountsSoFar>>;
}
export interface CountsSoFar {
  readonly requests: number;
  readonly failed: number;
  readonly writes: number;
  /** Absent where it was not kept: the release was in no slot then. */
  readonly latency?: LatencySketch;
}

/**
 * What came for a release between two readings. A keeper that was replaced, or counts that run backward, make the span silent: nobody knows what was lost,
 * and a count is never negative. The next span is counted from the new reading.
 */
export function differFront(before: FrontReading | null, now: FrontReading, release: string): Reading<FrontCount> {
  if (before === null) return silent("the front's counts were not read before this");
  if (before.keeper !== now.keeper) return silent("another keeper counts since: what came in between may be lost");
  const later = now.releases[release] ?? NOTHING;
  // A release that was not known had been sent nothing.
  const earlier = before.releases[release] ?? NOTHING;
  for (const name of ["requests", "failed", "writes"] as const)
    if (!Number.isSafeInteger(later[name]) || later[name] < earlier[name])
      return silent(`the front's ${name} ran backward, from ${earlier[name]} to ${later[name]}`);
  const requests = later.requests - earlier.requests;
  return heard({
    requests,
    // A request of the span before may fail in this one: no share is ever above one.
    failed: Math.min(requests, later.failed - earlier.failed),
    writes: later.writes - earlier.writes,
    latency: differLatency(earlier, later),
  });
}

const NOTHING = { requests: 0, failed: 0, writes: 0, latency: emptySketch() } satisfies CountsSoFar;

function differLatency(earlier: CountsSoFar, later: CountsSoFar): LatencySketch {
  if (earlier.latency === undefined || later.latency === undefined) return emptySketch();
  const since = subtractSketch(later.latency, earlier.latency);
  return { count: Object.values(since.buckets).reduce((sum, count) => sum + count, 0), buckets: since.buckets };
}

/** What is kept of a reading: sketches only of those releases whose next counts are expected, for a keeper knows every release there ever was. */
export function trimFrontReading({ keeper, releases }: FrontReading, inSlots: ReadonlySet<string>): FrontReading {
  const trimmed = Object.entries(releases).map(([release, { requests, failed, writes, latency }]): [string, CountsSoFar] => [
    release,
    { requests, failed, writes, ...(inSlots.has(release) && latency !== undefined ? { latency } : {}) },
  ]);
  return { keeper, releases: Object.fromEntries(trimmed) };
}
