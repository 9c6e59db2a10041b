export interface NumberSummary {
  readonly n: number;
  readonly mean: number;
  readonly median: number;
  readonly p90: number;
  readonly longest: number;
}

/** Undefined where there are none: nothing measured is not 0. */
export function summariseNumbers(numbers: readonly number[]): NumberSummary | undefined {
  const sorted = Float64Array.from(numbers).sort();
  const n = sorted.length;
  const longest = sorted[n - 1];
  if (longest === undefined) return undefined;
  const sum = sorted.reduce((total, each) => total + each, 0);
  return { n, mean: Math.min(longest, Math.max(sorted[0] ?? 0, sum / n)), median: quantileOf(sorted, 0.5), p90: quantileOf(sorted, 0.9), longest };
}

/**
 * The quantile between the two nearest values, in proportion: type 7 of R. J. Hyndman and Y. Fan, "Sample quantiles in statistical packages", The American
 * Statistician 50 (1996) 361–365. For 0.5 it is the usual median.
 */
function quantileOf(sorted: Float64Array, share: number): number {
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] ?? 0;
  const above = sorted[Math.ceil(place)] ?? below;
  return below + (above - below) * (place - Math.floor(place));
}

/** Of the standard normal distribution, for 95 % on both sides. */
const Z_95 = 1.959963984540054;
export const INTERVAL_LEVEL = 0.95;

/**
 * The score interval of a share, without continuity correction: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal
 * of the American Statistical Association 22 (1927) 209–212. It holds for few trials and at 0 and 1, where the usual one is empty.
 *
 * @returns 0 and 1 without trials: then nothing is known
 */
export function wilsonInterval(count: number, trials: number): { readonly lower: number; readonly upper: number } {
  if (trials === 0) return { lower: 0, upper: 1 };
  const share = count / trials;
  const scale = 1 + Z_95 ** 2 / trials;
  const centre = (share + Z_95 ** 2 / (2 * trials)) / scale;
  const half = (Z_95 / scale) * Math.sqrt((share * (1 - share)) / trials + Z_95 ** 2 / (4 * trials ** 2));
  return { lower: count === 0 ? 0 : Math.max(0, centre - half), upper: count === trials ? 1 : Math.min(1, centre + half) };
}
