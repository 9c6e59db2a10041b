export interface BinomialTails {
  /** P(X <= count); 1 from `trials` on. */
  readonly atMost: (count: number) => number;
  /** P(X >= count); 1 from 0 down. */
  readonly atLeast: (count: number) => number;
}

/** Both tails of a binomial distribution, each summed from its small end, so that neither loses its digits. Share in (0, 1). */
export function createBinomialTails(trials: number, share: number): BinomialTails {
  const mass = Array.from({ length: trials + 1 }, (_, count) => binomialMass(trials, count, share));
  const lower: number[] = [];
  const upper: number[] = [];
  let sum = 0;
  for (let count = 0; count <= trials; count += 1) lower[count] = sum += mass[count] ?? 0;
  sum = 0;
  for (let count = trials; count >= 0; count -= 1) upper[count] = sum += mass[count] ?? 0;
  return {
    atMost: (count) => (count < 0 ? 0 : Math.min(1, lower[Math.min(count, trials)] ?? 1)),
    atLeast: (count) => (count > trials ? 0 : Math.min(1, upper[Math.max(count, 0)] ?? 1)),
  };
}

function binomialMass(trials: number, count: number, share: number): number {
  const log = logFactorial(trials) - logFactorial(count) - logFactorial(trials - count) + count * Math.log(share) + (trials - count) * Math.log1p(-share);
  return Math.exp(log);
}

/** Summed once up to the largest that was asked for: 20,000 requests at most. */
const LOG_FACTORIALS = [0];
function logFactorial(n: number): number {
  for (let next = LOG_FACTORIALS.length; next <= n; next += 1) LOG_FACTORIALS.push((LOG_FACTORIALS[next - 1] ?? 0) + Math.log(next));
  return LOG_FACTORIALS[n] ?? 0;
}
