import type { RehearsalFinding } from "@instar/protocol";
import { logEvidenceAgainstShare, upperShareBound } from "../statistics/error-share-evidence.ts";
import { makeFinding } from "./compare-shown.ts";
import type { MeasuredPair } from "./measured-pair.ts";

/** A false alarm at most once in this many rehearsals of a version that is just at the limit: as for the watch. */
const FALSE_ALARM_ODDS = 100;
const ALPHA = 0.05;
/** Two failures in a hundred are within in any case, where nothing speaks beyond doubt against it: of none failed in 280 no ratio can be shown. */
const FLOOR_SHARE = 0.02;

type Pairs = MeasuredPair["pairs"];

/**
 * Whether the new version fails more than `times` as often, beyond doubt. Both got the same requests, so only those count that exactly one of them failed:
 * while the odds ratio is at most `times`, each such one is the new version's with probability at most times ÷ (1 + times), whatever the requests and
 * their difficulty (McNemar). The evidence is valid at every look, so whoever measures may end as soon as it speaks.
 */
export function isFailingMore(pairs: Pairs, times: number): boolean {
  const onlyNew = pairs.filter((pair) => pair.new.isFailed && !pair.old.isFailed).length;
  const onlyOld = pairs.filter((pair) => pair.old.isFailed && !pair.new.isFailed).length;
  return logEvidenceAgainstShare(onlyNew, onlyNew + onlyOld, times / (1 + times)) >= Math.log(FALSE_ALARM_ODDS);
}

export function judgeErrors({ pairs, endedBecause }: MeasuredPair, times: number): RehearsalFinding {
  const count = pairs.length;
  const [old, its] = [pairs.filter((pair) => pair.old.isFailed).length, pairs.filter((pair) => pair.new.isFailed).length];
  const seen = `it failed ${its} of ${count} requests, the old version ${old}`;
  const parts = { old, new: its, limit: times, samples: count, unit: "failed requests" };
  if (count === 0) return makeFinding("errors", "nodata", `no requests were compared${endedBecause === null ? "" : `: ${endedBecause}`}`, { limit: times });
  if (isFailingMore(pairs, times)) return makeFinding("errors", "fail", `${seen}: beyond doubt more than ${times} times as many`, parts);
  const upper = upperShareBound(its, count, ALPHA / 2);
  const oldAtLeast = 1 - upperShareBound(count - old, count, ALPHA / 2);
  const allowed = Math.max(FLOOR_SHARE, times * oldAtLeast);
  const bound = Math.round(upper * 10_000) / 10_000;
  if (upper <= allowed)
    return makeFinding("errors", "pass", `${seen}: its share is at most ${percent(upper)}, ${percent(allowed)} is allowed`, { ...parts, bound });
  // The rule of three, at ALPHA / 2: so many without a failure show that fewer than FLOOR_SHARE fail.
  const needed = Math.ceil(Math.log(ALPHA / 2) / Math.log(1 - FLOOR_SHARE));
  if (its === 0 && count < needed)
    return makeFinding("errors", "insufficient", `${seen}: it takes ${needed} requests to rule out that ${percent(FLOOR_SHARE)} fail`, { ...parts, bound });
  return makeFinding("errors", "inconclusive", `${seen}: its share may be up to ${percent(upper)}, ${percent(allowed)} is allowed`, { ...parts, bound });
}

const percent = (share: number) => `${Math.round(share * 1_000) / 10} %`;
