/** What two versions that run beside each other counted in one span. */
export interface Arms {
  readonly requests: number;
  readonly failed: number;
  readonly besideRequests: number;
  readonly besideFailed: number;
}

/**
 * The error-share likelihood ratios of Lindon and Malek (2022) for a span: if both versions fail equally often, each failure is the new one's with
 * probability w, its share of the span's requests, whatever the rate and the load. Under the alternative it fails `times` as often. Given the span's counts
 * the new one's failures are hypergeometric, for which a ratio that is convex in them is worth no more than for the binomial (Hoeffding 1963), so that the
 * product over spans is an e-value however w moves; and a version that fails less only lowers it.
 *
 * @returns logarithms, one for each of `times` (all above 1); zeros where one of the two got no request
 */
export function armsRatios({ requests, failed, besideRequests, besideFailed }: Arms, times: readonly number[]): number[] {
  if (requests === 0 || besideRequests === 0) return times.map(() => 0);
  const share = requests / (requests + besideRequests);
  return times.map((ratio) => failed * Math.log(ratio) - (failed + besideFailed) * Math.log(1 + share * (ratio - 1)));
}
