import { type BinomialTails, createBinomialTails } from "./binomial-tails.ts";

/** More is worse, in any unit. */
export interface QuantileClaim {
  /** In (0, 1). */
  readonly quantile: number;
  /** How often either claim may be wrong. */
  readonly alpha: number;
  /** Times the old value that are allowed: 1.2 for a fifth more. */
  readonly times: number;
  /** A difference up to this is allowed in any case: a ratio of small numbers is noise that nobody notices. */
  readonly floor: number;
}

export interface QuantileComparison {
  /** beyond: more than is allowed, beyond doubt. within: not more, beyond doubt. open: the samples do not tell. few: not enough for any claim. */
  readonly kind: "beyond" | "within" | "open" | "few";
  /** The samples' own quantiles. */
  readonly old: number;
  readonly new: number;
  /** Of each. */
  readonly samples: number;
  /** Bounds of new ÷ old, each at alpha: those that the answer rests on. Undefined where the samples give none. */
  readonly lowerRatio: number | undefined;
  readonly upperRatio: number | undefined;
  /** Upper bound of new - old, where it is within. */
  readonly upperDifference: number | undefined;
  /** Samples of each that the claim takes at least (few), or that would decide as far as these foretell (open); undefined where no number would. */
  readonly needed: number | undefined;
}

/**
 * Whether a quantile of the new version is at most what the old one's allows: "new <= g(old)" with g(x) = max(times × x, x + floor). Both answers are
 * claims that are wrong with probability at most alpha, whatever the distributions: neither is what is left when the other cannot be shown.
 *
 * At a point t, how many old samples lie above t and how many new ones above g(t) are binomial counts. If t were the old quantile and the hypothesis
 * true, each count's tail probability would be a p-value of its own; Fisher's product joins the two, and the hypothesis falls only where it falls at
 * every t (an intersection-union test, so that trying them all costs nothing). Two separate bounds, each at alpha / 2, would claim the same from twice as many
 * samples. Samples must not depend on each other; where one disturbance slows both versions the claims only get rarer.
 */
export function compareQuantiles(oldValues: readonly number[], newValues: readonly number[], claim: QuantileClaim): QuantileComparison | undefined {
  if (oldValues.length === 0 || newValues.length === 0) return undefined;
  const { times, floor, quantile, alpha } = claim;
  const seen = readSamples(oldValues, newValues, claim);
  const samples = Math.min(oldValues.length, newValues.length);
  const estimates = { old: quantileOf(seen.old, quantile), new: quantileOf(seen.new, quantile), samples };
  const fewest = fewestSamples(quantile, alpha);
  if (samples < fewest) return { kind: "few", ...estimates, lowerRatio: undefined, upperRatio: undefined, upperDifference: undefined, needed: fewest };
  const allowed = (value: number) => Math.max(value * times, value + floor);
  const kind = isMore(seen, allowed) ? "beyond" : isAtMost(seen, allowed) ? "within" : "open";
  const lowerRatio = kind === "within" ? undefined : findEdge(RATIOS, (ratio) => isMore(seen, (value) => value * ratio));
  const upperRatio = kind === "beyond" ? undefined : findEdge(RATIOS, (ratio) => !isAtMost(seen, (value) => value * ratio));
  const upperDifference = kind === "within" ? findEdge(planDifferences(seen), (difference) => !isAtMost(seen, (value) => value + difference)) : undefined;
  const bounds = { ...estimates, lowerRatio, upperRatio, upperDifference };
  return { kind, ...bounds, needed: kind === "open" ? foretellNeeded(bounds, allowed(estimates.old)) : undefined };
}

/** The fewest samples of each from which anything can be claimed: 93 for a 95th percentile at 0.05, 7 for a median. */
export function fewestSamples(quantile: number, alpha: number): number {
  const extreme = Math.max(quantile, 1 - quantile);
  let samples = 1;
  while (joinByFisher(1, extreme ** samples) > alpha) samples += 1;
  return samples;
}

interface Samples {
  /** Sorted. */
  readonly old: readonly number[];
  readonly new: readonly number[];
  /** Of the counts above the quantile. */
  readonly oldTails: BinomialTails;
  readonly newTails: BinomialTails;
  readonly alpha: number;
}

function readSamples(old: readonly number[], its: readonly number[], { quantile, alpha }: QuantileClaim): Samples {
  const sort = (values: readonly number[]) => [...values].sort((one, other) => one - other);
  const oldTails = createBinomialTails(old.length, 1 - quantile);
  const newTails = its.length === old.length ? oldTails : createBinomialTails(its.length, 1 - quantile);
  return { old: sort(old), new: sort(its), oldTails, newTails, alpha };
}

const quantileOf = (sorted: readonly number[], quantile: number) => sorted[Math.max(0, Math.ceil(quantile * sorted.length) - 1)] ?? Number.NaN;

/** Two independent p-values as one: P(p·q <= c) = c (1 - ln c). */
function joinByFisher(one: number, other: number): number {
  const product = one * other;
  return product === 0 ? 0 : Math.min(1, product * (1 - Math.log(product)));
}

/** True where "new <= g(old)" falls. Between two old samples the product is largest at the right one, so only those are tried. */
function isMore({ old, new: its, oldTails, newTails, alpha }: Samples, g: (value: number) => number): boolean {
  if (joinByFisher(1, oldTails.atMost(0)) > alpha) return false;
  let below = 0;
  for (const [rank, value] of old.entries()) {
    if (value === old[rank - 1]) continue;
    while (below < its.length && (its[below] ?? 0) <= g(value)) below += 1;
    // At least `value`: of samples that are equal, all count.
    if (joinByFisher(newTails.atLeast(its.length - below), oldTails.atMost(old.length - rank)) > alpha) return false;
  }
  return true;
}

/** True where "new > g(old)" falls. Between two old samples the product is largest at the left one. */
function isAtMost({ old, new: its, oldTails, newTails, alpha }: Samples, g: (value: number) => number): boolean {
  if (joinByFisher(oldTails.atLeast(old.length), 1) > alpha) return false;
  let below = 0;
  for (const [rank, value] of old.entries()) {
    if (value === old[rank + 1]) continue;
    while (below < its.length && (its[below] ?? 0) <= g(value)) below += 1;
    if (joinByFisher(oldTails.atLeast(old.length - rank - 1), newTails.atMost(its.length - below)) > alpha) return false;
  }
  return true;
}

/** As a geometric scale from a ten-thousandth to ten thousand. */
const RATIOS = (part: number) => 10 ** (8 * part - 4);
const planDifferences = ({ new: its }: Samples) => {
  const most = its.at(-1) ?? 0;
  return (part: number) => (2 * part - 1) * (Number.isFinite(most) ? most : Number.MAX_SAFE_INTEGER);
};

/** Where, on a scale over [0, 1], something that is true at first ceases to be; undefined where it is never or always true. 32 halvings leave nothing to see. */
function findEdge(scale: (part: number) => number, isTrue: (value: number) => boolean): number | undefined {
  if (!isTrue(scale(0)) || isTrue(scale(1))) return undefined;
  let [low, high] = [0, 1];
  for (let round = 0; round < 32; round += 1) {
    const middle = (low + high) / 2;
    if (isTrue(scale(middle))) low = middle;
    else high = middle;
  }
  return scale((low + high) / 2);
}

/** Past this many nobody asks. */
const FORETOLD_AT_MOST = 100_000;

/** A bound comes nearer with the square root of the number of samples. */
function foretellNeeded(seen: Pick<QuantileComparison, "old" | "new" | "samples" | "lowerRatio" | "upperRatio">, allowed: number): number | undefined {
  const ratio = seen.new / seen.old;
  const bound = seen.new <= allowed ? seen.upperRatio : seen.lowerRatio;
  const distance = Math.abs(Math.log(allowed / seen.new));
  if (bound === undefined || !Number.isFinite(ratio) || ratio <= 0 || distance === 0) return undefined;
  const needed = Math.ceil(seen.samples * (Math.log(bound / ratio) / distance) ** 2);
  return needed > FORETOLD_AT_MOST ? undefined : Math.max(needed, seen.samples + 1);
}
