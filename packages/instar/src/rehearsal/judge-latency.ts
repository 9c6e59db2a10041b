import type { RehearsalFinding } from "@instar/protocol";
import { compareQuantiles, type QuantileComparison } from "../statistics/compare-quantiles.ts";
import { makeFinding } from "./compare-shown.ts";
import type { MeasuredPair, MeasuredRequest } from "./measured-pair.ts";
import { renderComparison } from "./render-comparison.ts";

const QUANTILE = 0.95;
/** Nobody notices two milliseconds; between two starts of the same program more is seen. */
const FLOOR_MS = 2;
/** With more failures than this the percentile is one of failures: a version that fails at once would look fast. */
const FAILED_AT_MOST = 1 - QUANTILE;

/**
 * When the times are looked at, and what each look may spend of the 5 % by which the whole may err. Looks are fixed before anything is measured, so that
 * ending at one of them keeps the claim (Bonferroni over the looks); between them nothing is decided.
 */
const LOOKS = [
  { share: 0.25, alpha: 0.01 },
  { share: 0.5, alpha: 0.01 },
  { share: 1, alpha: 0.03 },
] as const;

type Pairs = MeasuredPair["pairs"];

/** True where the look that is due after these pairs shows more than is allowed; between looks, and at the last one, it is false. */
export function isSlowerAtLook(pairs: Pairs, plannedPairs: number, limit: number): boolean {
  const due = LOOKS.find(({ share }) => share < 1 && Math.ceil(share * plannedPairs) === pairs.length);
  return due !== undefined && hasFewFailures(pairs) && lookAt(pairs, due.alpha, limit)?.kind === "beyond";
}

/** The 95th percentile of the time to an answer, against the old version's. */
export function judgeLatency({ pairs, plannedPairs, endedBecause }: MeasuredPair, limit: number): RehearsalFinding {
  const failed = (side: "old" | "new") => pairs.filter((pair) => pair[side].isFailed).length;
  if (pairs.length === 0) return makeFinding("latency", "nodata", `no requests were compared${endedBecause === null ? "" : `: ${endedBecause}`}`);
  if (!hasFewFailures(pairs)) {
    const because = `of ${pairs.length} requests each the old version failed ${failed("old")} and the new one ${failed("new")}: the time of failures says nothing`;
    return makeFinding("latency", "nodata", because, { samples: pairs.length });
  }
  const reached = LOOKS.filter(({ share }) => Math.ceil(share * plannedPairs) <= pairs.length).map(({ share, alpha }) =>
    lookAt(pairs.slice(0, Math.ceil(share * plannedPairs)), alpha, limit),
  );
  const look = reached.find((one) => one?.kind === "beyond") ?? reached.at(-1);
  if (look === undefined) {
    const because = `only ${pairs.length} of ${plannedPairs} requests each were compared${endedBecause === null ? "" : `: ${endedBecause}`}`;
    return makeFinding("latency", "insufficient", because, { samples: pairs.length, limit: 1 + limit });
  }
  return renderComparison({
    what: "latency",
    subject: "its 95th percentile",
    unit: "ms",
    noun: "requests",
    times: 1 + limit,
    floor: FLOOR_MS,
    comparison: look,
    endedBecause,
  });
}

function hasFewFailures(pairs: Pairs): boolean {
  const isFew = (side: "old" | "new") => pairs.filter((pair) => pair[side].isFailed).length <= FAILED_AT_MOST * pairs.length;
  return isFew("old") && isFew("new");
}

function lookAt(pairs: Pairs, alpha: number, limit: number): QuantileComparison | undefined {
  const times = (side: "old" | "new") => pairs.map((pair) => censor(pair[side]));
  return compareQuantiles(times("old"), times("new"), { quantile: QUANTILE, alpha, times: 1 + limit, floor: FLOOR_MS });
}

/** Whoever did not answer was not quick: its time is longer than any, which a quantile bears. */
const censor = ({ tookMs, isFailed }: MeasuredRequest) => (isFailed ? Number.MAX_SAFE_INTEGER : tookMs);
