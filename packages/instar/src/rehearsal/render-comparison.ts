import type { RehearsalFinding } from "@instar/protocol";
import type { QuantileComparison } from "../statistics/compare-quantiles.ts";
import { makeFinding } from "./compare-shown.ts";

export interface ComparedQuantiles {
  readonly what: string;
  /** With which the sentence begins: "its 95th percentile". */
  readonly subject: string;
  readonly unit: string;
  /** What was counted: "requests". */
  readonly noun: string;
  readonly times: number;
  readonly floor: number;
  readonly comparison: QuantileComparison;
  readonly endedBecause: string | null;
}

/** A comparison as a finding, in a sentence that gives what was seen, what is allowed and, where it is in doubt, how many samples would tell. */
export function renderComparison({ what, subject, unit, noun, times, floor, comparison, endedBecause }: ComparedQuantiles): RehearsalFinding {
  const { old, new: its, samples, lowerRatio, upperRatio, upperDifference, needed } = comparison;
  const seen = `${round(its)} ${unit} against ${round(old)} ${unit}, ${samples} ${noun} each`;
  const parts = { old: round(old), new: round(its), limit: times, samples, unit };
  const ended = endedBecause === null ? "" : `; it ended early: ${endedBecause}`;
  const allowed = `${seen}; ${round(times)} is allowed`;
  switch (comparison.kind) {
    case "beyond":
      return makeFinding(what, "fail", `${subject} is at least ${renderRatio(lowerRatio)} times the old version's (${allowed})`, {
        ...parts,
        bound: roundOrNull(lowerRatio),
      });
    case "within": {
      const isByRatio = upperRatio !== undefined && upperRatio <= times;
      const isByFloor = upperDifference !== undefined && upperDifference <= floor;
      const because = isByRatio
        ? `${subject} is at most ${round(upperRatio)} times the old version's (${allowed})`
        : isByFloor
          ? `${subject} is at most ${round(upperDifference)} ${unit} above the old version's (${seen}; a difference of ${floor} ${unit} is passed over)`
          : `${subject} is at most ${round(times)} times the old version's, or ${floor} ${unit} above it (${seen})`;
      return makeFinding(what, "pass", because, { ...parts, bound: roundOrNull(upperRatio) });
    }
    case "open": {
      const tells = needed === undefined ? "no number of them would tell soon" : `about ${needed} ${noun} each would tell`;
      const because = `${subject} is between ${renderRatio(lowerRatio)} and ${renderRatio(upperRatio)} times the old version's (${allowed}): ${tells}${ended}`;
      return makeFinding(what, "inconclusive", because, { ...parts, bound: roundOrNull(upperRatio) });
    }
    case "few":
      return makeFinding(what, "insufficient", `${samples} ${noun} each are too few to say anything (${seen}): it takes ${needed}${ended}`, parts);
  }
}

/** A bound beyond the scale on which it is looked for. */
const renderRatio = (ratio: number | undefined) => (ratio === undefined ? "any number of" : String(round(ratio)));

/** Three digits that count: 0.123, 1.38, 31.2, 1834. */
function round(value: number): number {
  if (!Number.isFinite(value)) return value;
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.max(Math.abs(value), 1e-3))));
  return Number(value.toFixed(Math.min(digits, 6)));
}

const roundOrNull = (value: number | undefined) => (value === undefined || !Number.isFinite(value) ? null : round(value));
