/**
 * Evidence about a share of failures, valid at every look: looking again and again does not raise the rate of false alarms.
 * The formulas are the usual ones for a binomial share; both are exact for every sample size.
 */

/** Alternatives that the mixture weighs equally: from a little worse than allowed to hopeless. */
const ALTERNATIVES = 24;

/**
 * The e-value against "the share of failures is at most `allowedShare`": a mixture of likelihood ratios over shares above it.
 * Under that hypothesis it exceeds 1/α with probability at most α, ever (Ville), so `eValue >= 1/α` may be acted on at any look.
 *
 * @param failed failures among `requests`
 * @param allowedShare in (0, 1)
 * @returns the natural logarithm of the e-value; 0 where nothing was seen
 */
export function logEvidenceAgainstShare(failed: number, requests: number, allowedShare: number): number {
  if (requests === 0 || allowedShare >= 1) return 0;
  const allowed = Math.max(allowedShare, 1e-6);
  const terms: number[] = [];
  for (let index = 1; index <= ALTERNATIVES; index += 1) {
    const share = allowed + ((1 - allowed) * index) / (ALTERNATIVES + 1);
    terms.push(failed * Math.log(share / allowed) + (requests - failed) * Math.log((1 - share) / (1 - allowed)));
  }
  const most = Math.max(...terms);
  return most + Math.log(terms.reduce((sum, term) => sum + Math.exp(term - most), 0) / ALTERNATIVES);
}

/**
 * The largest share of failures that `failed` among `requests` does not refute at level `alpha` (Clopper-Pearson, one-sided upper).
 * 1 where nothing was seen.
 */
export function upperShareBound(failed: number, requests: number, alpha: number): number {
  if (requests === 0 || failed >= requests) return 1;
  let low = failed / requests;
  let high = 1;
  // 60 halvings leave less than 1e-18: beyond what a double can tell apart.
  for (let round = 0; round < 60; round += 1) {
    const middle = (low + high) / 2;
    if (binomialTail(failed, requests, middle) > alpha) low = middle;
    else high = middle;
  }
  return high;
}

/** P(X <= failed) for X binomial(requests, share). Summed in logarithms from the largest term, so it neither over- nor underflows. */
function binomialTail(failed: number, requests: number, share: number): number {
  if (share <= 0) return 1;
  if (share >= 1) return failed >= requests ? 1 : 0;
  const odds = share / (1 - share);
  // The ratio of neighbouring terms is known, so the sum starts at the last term and walks down until nothing is added.
  let term = 1;
  let sum = 1;
  for (let count = failed; count > 0; count -= 1) {
    term *= count / ((requests - count + 1) * odds);
    sum += term;
    if (term < 1e-18 * sum) break;
  }
  const logLast = logChoose(requests, failed) + failed * Math.log(share) + (requests - failed) * Math.log(1 - share);
  return Math.min(1, Math.exp(logLast) * sum);
}

function logChoose(n: number, k: number): number {
  return logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);
}

/** Lanczos, g = 7, nine terms: relative error below 1e-14 for arguments from 1 on. */
function logGamma(x: number): number {
  const z = x - 1;
  const sum = LANCZOS.reduce((total, coefficient, index) => (index === 0 ? coefficient : total + coefficient / (z + index)), 0);
  const t = z + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(t) - t + Math.log(sum);
}

const LANCZOS = [
  0.9999999999998099, 676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905, -0.13857109526572012,
  9.984369578019572e-6, 1.5056327351493116e-7,
];
