import { emptySketch, mergeSketches, subtractSketch } from "../../statistics/latency-sketch.ts";
import { emptyCounts, type FrontCounts, type ReleaseCounts } from "./front-counts.ts";

/** Adds in place what another front counted: a request that is under way goes on counting where it began to. */
export function mergeCounts(into: FrontCounts, more: FrontCounts): void {
  for (const name of SUMS) into[name] += more[name] ?? 0;
  into.heldMaxMs = Math.max(into.heldMaxMs, more.heldMaxMs);
  for (const [release, its] of Object.entries(more.releases))
    into.releases[release] = Object.assign(into.releases[release] ?? {}, addUp(into.releases[release] ?? NOTHING, its, 1));
}

/** What came since `earlier`, of two readings of one front. Merged into a third it is counted once. */
export function subtractCounts(later: FrontCounts, earlier: FrontCounts): FrontCounts {
  const since: FrontCounts = { ...emptyCounts(), heldMaxMs: later.heldMaxMs };
  for (const name of SUMS) since[name] = later[name] - (earlier[name] ?? 0);
  for (const [release, its] of Object.entries(later.releases)) since.releases[release] = addUp(its, earlier.releases[release] ?? NOTHING, -1);
  return since;
}

// Tables, so that the compiler refuses a count that is new and would be forgotten here.
const SUMS = namesOf<Exclude<keyof FrontCounts, "releases" | "heldMaxMs">>({ held: 0, refusedByHold: 0, clientAborts: 0, noBackend: 0 });
const RELEASE_SUMS = namesOf<Exclude<keyof ReleaseCounts, "latency">>({ requests: 0, failed: 0, serverErrors: 0, transportErrors: 0, writes: 0 });
const NOTHING: ReleaseCounts = { requests: 0, failed: 0, serverErrors: 0, transportErrors: 0, writes: 0, latency: emptySketch() };

function namesOf<Name extends string>(table: Record<Name, 0>): readonly Name[] {
  return Object.keys(table) as Name[];
}

/** A keeper of an older Instar may not know every count: what it does not say is nothing. */
function addUp(left: ReleaseCounts, right: ReleaseCounts, sign: 1 | -1): ReleaseCounts {
  const sum = { ...left, latency: sign === 1 ? mergeSketches(left.latency, right.latency) : subtractSketch(left.latency, right.latency) };
  for (const name of RELEASE_SUMS) sum[name] = (left[name] ?? 0) + sign * (right[name] ?? 0);
  return sum;
}
