import type { RehearsalFinding } from "@instar/protocol";
import type { Settings } from "../settings/settings.ts";
import { compareQuantiles, type QuantileComparison } from "../statistics/compare-quantiles.ts";
import { makeFinding } from "./compare-shown.ts";
import { isFailingMore, judgeErrors } from "./judge-errors.ts";
import { isSlowerAtLook, judgeLatency } from "./judge-latency.ts";
import type { MeasuredPair } from "./measured-pair.ts";
import { renderComparison } from "./render-comparison.ts";

type Limits = Settings["rehearsal"]["limits"];

/** Each claim by itself errs in at most one of twenty rehearsals of a version that is just at the limit; far from it, hardly ever. */
const ALPHA = 0.05;
const MEDIAN = 0.5;

/**
 * Whether the new version is no worse than rehearsal.limits allow. Pure. `fail` is beyond doubt, `pass` too; between them it is `inconclusive`, with the
 * number of samples that would tell.
 */
export function judgePerformance(measured: MeasuredPair, limits: Limits): RehearsalFinding[] {
  return [
    judgeErrors(measured, limits.errors),
    judgeLatency(measured, limits.latency),
    judgeThroughput(measured, limits.throughput),
    judgeMedian(MEMORY, memoryOf(measured), limits.memory, measured),
    judgeMedian(CPU, blocksOf(measured, "cpuMsPerRequest"), limits.cpu, measured),
    judgeMedian(LOOP, blocksOf(measured, "loopMs"), limits.eventLoop, measured),
  ];
}

/** Why measuring may end before all was asked, in words; undefined while it may not. Both rules keep what is then claimed valid. */
export function explainEarlyEnd(measured: Pick<MeasuredPair, "pairs" | "plannedPairs">, limits: Limits): string | undefined {
  const last = measured.pairs.at(-1);
  // Only a failure of its own can have changed the evidence.
  if (last?.new.isFailed && !last.old.isFailed && isFailingMore(measured.pairs, limits.errors)) return "it fails more requests, beyond doubt";
  if (isSlowerAtLook(measured.pairs, measured.plannedPairs, limits.latency)) return "it is slower, beyond doubt";
  return undefined;
}

interface MedianOf {
  readonly what: string;
  readonly subject: string;
  readonly unit: string;
  readonly noun: string;
  /** A difference that nobody notices; below it a ratio is noise. */
  readonly floor: number;
  readonly missing: string;
}

/** 16 MiB: what two starts of one Node program differ by. */
const MEMORY: MedianOf = {
  what: "memory",
  subject: "its resident memory after the requests",
  unit: "MiB",
  noun: "readings",
  floor: 16,
  missing: "the system does not tell how much memory it takes",
};
/** Half a millisecond: the clock that counts processor time moves in steps of ten, and a block has about two dozen requests. */
const CPU: MedianOf = {
  what: "cpu",
  subject: "its processor time for a request",
  unit: "ms",
  noun: "blocks of requests",
  floor: 0.5,
  missing: "the system does not tell how much processor time it takes",
};
const LOOP: MedianOf = {
  what: "event loop",
  subject: "its event loop's delay (99th percentile of a block)",
  unit: "ms",
  noun: "blocks of requests",
  floor: 5,
  missing: "its event loop was not measured: it does not run on Node, or not for long enough",
};
/** A millisecond for each request: what many requests at once differ by on a machine that has other work. */
const THROUGHPUT = { noun: "rounds of requests", floorMs: 1 } as const;

interface Pairing {
  readonly old: readonly (number | undefined)[];
  readonly new: readonly (number | undefined)[];
}

function judgeMedian(of: MedianOf, values: Pairing, limit: number, measured: MeasuredPair): RehearsalFinding {
  const parts = { limit: 1 + limit, unit: of.unit };
  const incomplete = explainIncomplete(values.new.length, of.noun, measured);
  if (incomplete !== undefined) return makeFinding(of.what, values.new.length === 0 ? "nodata" : "insufficient", incomplete, parts);
  const compared = compareMedians(values, 1 + limit, of.floor);
  if (compared === undefined) return makeFinding(of.what, "nodata", of.missing, parts);
  return renderComparison({ ...of, times: 1 + limit, comparison: compared, endedBecause: null });
}

/** When measuring ends early depends on what was measured: what is claimed from the part that is there would no longer hold. */
function explainIncomplete(count: number, noun: string, { plannedGroups, endedBecause }: MeasuredPair): string | undefined {
  if (endedBecause === null || count >= plannedGroups) return undefined;
  return count === 0 ? `not measured: ${endedBecause}` : `only ${count} of ${plannedGroups} ${noun} were measured: ${endedBecause}`;
}

function compareMedians(values: Pairing, times: number, floor: number): QuantileComparison | undefined {
  const told = (side: readonly (number | undefined)[]) => side.filter((value) => value !== undefined);
  return compareQuantiles(told(values.old), told(values.new), { quantile: MEDIAN, alpha: ALPHA, times, floor });
}

/** A fifth fewer requests a second is a quarter more time for each: compared as time, told as requests a second. */
function judgeThroughput(measured: MeasuredPair, limit: number): RehearsalFinding {
  const { rounds } = measured;
  const finding = (verdict: RehearsalFinding["verdict"], because: string, parts = {}) =>
    makeFinding("throughput", verdict, because, { limit: 1 - limit, unit: "requests a second", ...parts });
  const incomplete = explainIncomplete(rounds.length, THROUGHPUT.noun, measured);
  if (incomplete !== undefined) return finding(rounds.length === 0 ? "nodata" : "insufficient", incomplete);
  const compared = compareMedians({ old: rounds.map(({ old }) => old), new: rounds.map((one) => one.new) }, 1 / (1 - limit), THROUGHPUT.floorMs);
  if (compared === undefined) return finding("insufficient", "no requests were made at once: rehearsal.samples are too few");
  if (!Number.isFinite(compared.old)) return finding("nodata", "the old version answered nothing when asked for several things at once");
  if (!Number.isFinite(compared.new)) return finding("fail", "it answered nothing when asked for several things at once; the old version does");
  const { kind, lowerRatio, upperRatio, needed } = compared;
  const perSecond = (ms: number) => Math.round(1_000 / Math.max(ms, 1e-3));
  const parts = { old: perSecond(compared.old), new: perSecond(compared.new), samples: rounds.length };
  const share = (ratio: number | undefined) => (ratio === undefined ? null : Math.round(100 / ratio) / 100);
  const [most, least] = [share(lowerRatio), share(upperRatio)];
  const seen = `${parts.new} a second against ${parts.old}, ${rounds.length} ${THROUGHPUT.noun} each; ${Math.round((1 - limit) * 100) / 100} is allowed`;
  switch (kind) {
    case "beyond":
      return finding("fail", `it answers at most ${most} times as many requests a second as the old version (${seen})`, { ...parts, bound: most });
    case "within": {
      const isByRatio = least !== null && least >= 1 - limit;
      const because = isByRatio
        ? `it answers at least ${least} times as many requests a second as the old version (${seen})`
        : `it answers as many requests a second as are allowed, a difference of ${THROUGHPUT.floorMs} ms for each passed over (${seen})`;
      return finding("pass", because, { ...parts, bound: least });
    }
    case "open":
      return finding(
        "inconclusive",
        `it answers between ${least} and ${most} times as many requests a second as the old version (${seen})${needed === undefined ? "" : `: about ${needed} ${THROUGHPUT.noun} would tell`}`,
        { ...parts, bound: least },
      );
    case "few":
      return finding("insufficient", `${rounds.length} ${THROUGHPUT.noun} each are too few to say anything: it takes ${needed}`, parts);
  }
}

const MIB = 1_048_576;
const inMib = (bytes: number | undefined) => (bytes === undefined ? undefined : bytes / MIB);
const memoryOf = ({ memory }: MeasuredPair): Pairing => ({ old: memory.map(({ old }) => inMib(old)), new: memory.map((one) => inMib(one.new)) });
const blocksOf = ({ blocks }: MeasuredPair, name: "cpuMsPerRequest" | "loopMs"): Pairing => ({
  old: blocks.map(({ old }) => old[name]),
  new: blocks.map((block) => block.new[name]),
});
