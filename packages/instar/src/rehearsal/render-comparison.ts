import type { RehearsalFinding } from "@instar/protocol";
import type { QuantileComparison } from "../statistics/compare-quantiles.ts";
import type { QuantileBounds } from "../statistics/quantile-bounds.ts";
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
  readonly old: QuantileBounds;
  readonly new: QuantileBounds;
  readonly comparison: QuantileComparison;
  readonly fewest: number;
  readonly endedBecause: string | null;
}

/** A comparison as a finding, in a sentence that gives what was seen, what is allowed and, where it is in doubt, how many samples would tell. */
export function renderComparison(compared: ComparedQuantiles): RehearsalFinding {
  const { what, subject, unit, noun, times, floor, old, comparison, fewest, endedBecause } = compared;
  const { lowerRatio, upperRatio, upperDifference, needed } = comparison;
  const samples = Math.min(old.samples, compared.new.samples);
  const seen = `${round(compared.new.estimate)} ${unit} against ${round(old.estimate)} ${unit}, ${samples} ${noun} each`;
  const parts = { old: round(old.estimate), new: round(compared.new.estimate), limit: times, samples, unit };
  const ended = endedBecause === null ? "" : `; it ended early: ${endedBecause}`;
  switch (comparison.kind) {
    case "beyond":
      return makeFinding(what, "fail", `${subject} is at least ${round(lowerRatio)} times the old version's (${seen}; ${round(times)} is allowed)`, {
        ...parts,
        bound: roundOrNull(lowerRatio),
      });
    case "within": {
      const isByRatio = upperRatio !== undefined && upperRatio <= times;
      const because = isByRatio
        ? `${subject} is at most ${round(upperRatio)} times the old version's (${seen}; ${round(times)} is allowed)`
        : `${subject} is at most ${round(upperDifference)} ${unit} above the old version's (${seen}; a difference of ${floor} ${unit} is passed over)`;
      return makeFinding(what, "pass", because, { ...parts, bound: roundOrNull(upperRatio) });
    }
    case "open": {
      const tells = needed === undefined ? "no number of them would tell soon" : `about ${needed} ${noun} each would tell`;
      const because = `${subject} is between ${round(lowerRatio)} and ${round(upperRatio)} times the old version's (${seen}; ${round(times)} is allowed): ${tells}${ended}`;
      return makeFinding(what, "inconclusive", because, { ...parts, bound: roundOrNull(upperRatio) });
    }
    case "few":
      return makeFinding(what, "insufficient", `${samples} ${noun} each are too few to say anything (${seen}): it takes ${fewest}${ended}`, parts);
  }
}

/** Three digits that count: 0.123, 1.38, 31.2, 1834. */
function round(value: number | undefined): number {
  if (value === undefined || !Number.isFinite(value)) return value ?? Number.NaN;
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.max(Math.abs(value), 1e-3))));
  return Number(value.toFixed(Math.min(digits, 6)));
}

const roundOrNull = (value: number | undefined) => (value === undefined || !Number.isFinite(value) ? null : round(value));
