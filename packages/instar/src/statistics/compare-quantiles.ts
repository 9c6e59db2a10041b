import type { QuantileBounds } from "./quantile-bounds.ts";

/** More is worse, in any unit. */
export interface Allowance {
  /** Times the old value that are allowed: 1.2 for a fifth more. */
  readonly times: number;
  /** A difference up to this is allowed in any case: a ratio of small numbers is noise that nobody notices. */
  readonly floor: number;
}

export interface QuantileComparison {
  /** beyond: more than is allowed, beyond doubt. within: not more, beyond doubt. open: the samples do not tell. few: not enough for any bound. */
  readonly kind: "beyond" | "within" | "open" | "few";
  /** Bounds of new ÷ old; undefined where there are too few samples. */
  readonly lowerRatio: number | undefined;
  readonly upperRatio: number | undefined;
  /** Upper bound of new - old. */
  readonly upperDifference: number | undefined;
  /** Samples of each that would decide, as far as these foretell; undefined where it is decided, or where no number would. */
  readonly needed: number | undefined;
}

/**
 * Whether a quantile of the new version is at most what the old one's allows: the claim "new <= max(times × old, old + floor)", which is monotone in both.
 * With each bound at α/2 it is refuted (`beyond`) or shown (`within`) wrongly with probability at most α, whatever the distributions (Bonferroni).
 *
 * @param fewest samples of each that bounds take, for what is said where there are fewer
 */
export function compareQuantiles(old: QuantileBounds, its: QuantileBounds, allowance: Allowance, fewest: number): QuantileComparison {
  if (old.lower === undefined || old.upper === undefined || its.lower === undefined || its.upper === undefined)
    return { kind: "few", lowerRatio: undefined, upperRatio: undefined, upperDifference: undefined, needed: fewest };
  const allowed = (value: number) => Math.max(value * allowance.times, value + allowance.floor);
  const bounds = { lowerRatio: ratio(its.lower, old.upper), upperRatio: ratio(its.upper, old.lower), upperDifference: its.upper - old.lower };
  if (its.lower > allowed(old.upper)) return { kind: "beyond", ...bounds, needed: undefined };
  if (its.upper <= allowed(old.lower)) return { kind: "within", ...bounds, needed: undefined };
  return { kind: "open", ...bounds, needed: foretellNeeded(old, its, allowed) };
}

const ratio = (value: number, by: number) => (by === 0 ? (value === 0 ? 1 : Number.POSITIVE_INFINITY) : value / by);

/** A gap narrows with the square root of the number of samples; past this many nobody asks. */
const FORETOLD_AT_MOST = 100_000;

function foretellNeeded(old: QuantileBounds, its: QuantileBounds, allowed: (value: number) => number): number | undefined {
  const distance = allowed(old.estimate) - its.estimate;
  // Towards the side on which the estimates lie: how far the bounds reach over, against how far they may.
  const reach =
    distance >= 0
      ? (its.upper ?? 0) - its.estimate + (allowed(old.estimate) - allowed(old.lower ?? 0))
      : its.estimate - (its.lower ?? 0) + (allowed(old.upper ?? 0) - allowed(old.estimate));
  if (distance === 0 || !Number.isFinite(reach)) return undefined;
  const samples = Math.min(old.samples, its.samples);
  const needed = Math.ceil(samples * (reach / distance) ** 2);
  return needed > FORETOLD_AT_MOST ? undefined : Math.max(needed, samples + 1);
}
