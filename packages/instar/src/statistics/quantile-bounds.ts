export interface QuantileBounds {
  readonly samples: number;
  readonly estimate: number;
  /** Undefined where there are too few samples to give one. */
  readonly lower: number | undefined;
  readonly upper: number | undefined;
}

/**
 * One-sided confidence bounds of a quantile from order statistics, each at level `alpha`: exact for every distribution, ties included, of samples that do
 * not depend on each other (David & Nagaraja, Order Statistics, §7.1). The lower one is the largest X(r) with P(Bin(n, q) <= r-1) <= alpha, the upper one
 * the smallest X(s) with P(Bin(n, q) >= s) <= alpha.
 *
 * @param values any order, any unit
 * @param quantile in (0, 1)
 */
export function readQuantileBounds(values: readonly number[], quantile: number, alpha: number): QuantileBounds | undefined {
  if (values.length === 0) return undefined;
  const sorted = [...values].sort((one, other) => one - other);
  const { lower, upper } = planRanks(sorted.length, quantile, alpha);
  const at = (rank: number | undefined) => (rank === undefined ? undefined : sorted[rank - 1]);
  const estimate = sorted[Math.max(0, Math.ceil(quantile * sorted.length) - 1)] ?? Number.NaN;
  return { samples: sorted.length, estimate, lower: at(lower), upper: at(upper) };
}

/** The fewest samples from which both bounds exist (Wilks 1941 for the upper one): 59 for a 95th percentile at 0.05, 299 for a 99th. */
export function fewestSamples(quantile: number, alpha: number): number {
  return Math.ceil(Math.log(alpha) / Math.log(Math.max(quantile, 1 - quantile)));
}

/** Ranks count from 1. */
export function planRanks(samples: number, quantile: number, alpha: number): { readonly lower: number | undefined; readonly upper: number | undefined } {
  let lower: number | undefined;
  let upper: number | undefined;
  let below = 0; // P(Bin <= rank - 1)
  for (let rank = 1; rank <= samples; rank += 1) {
    below += binomialMass(samples, rank - 1, quantile);
    if (below <= alpha) lower = rank;
    // P(Bin >= rank) = 1 - P(Bin <= rank - 1); near 1 the difference loses digits, so the small tail is summed by itself.
    if (upper === undefined && below >= 1 - 2 * alpha && upperTail(samples, rank, quantile) <= alpha) upper = rank;
    if (upper !== undefined && below > alpha) break;
  }
  return { lower, upper };
}

/** P(Bin(n, q) >= from), smallest terms first. */
function upperTail(samples: number, from: number, quantile: number): number {
  let sum = 0;
  for (let count = samples; count >= from; count -= 1) sum += binomialMass(samples, count, quantile);
  return sum;
}

function binomialMass(samples: number, count: number, share: number): number {
  const log = logFactorial(samples) - logFactorial(count) - logFactorial(samples - count) + count * Math.log(share) + (samples - count) * Math.log1p(-share);
  return Math.exp(log);
}

/** Summed once up to the largest that was asked for: 20,000 requests at most. */
const LOG_FACTORIALS = [0];
function logFactorial(n: number): number {
  for (let next = LOG_FACTORIALS.length; next <= n; next += 1) LOG_FACTORIALS.push((LOG_FACTORIALS[next - 1] ?? 0) + Math.log(next));
  return LOG_FACTORIALS[n] ?? 0;
}
