/**
 * Evidence that something changed at a moment that nobody knows: the e-detector of Shin, Ramdas and Rinaldo (2023, §2), in the form of Shiryaev and Roberts with
 * a weight for each moment. For each alternative M becomes L × (M + weight), where L is the likelihood ratio of what came since the last look. As long as nothing
 * changed and the weights add up to 1 at most, the mean of all M ever reaches 1/α with probability at most α (Ville). Unlike evidence over the
 * whole time, it is not weakened by all that was well before.
 *
 * @param logSums what came out last time; empty at first (a logarithm of nothing would not survive JSON)
 * @param logRatios of what came since, by alternative
 * @param weight of a change at the beginning of what came since, in (0, 1]
 */
export function foldChangePoint(logSums: readonly number[], logRatios: readonly number[], weight: number): number[] {
  const logWeight = Math.log(weight);
  return logRatios.map((ratio, index) => ratio + addLogs(logSums[index], logWeight));
}

/** The logarithm of the mean over all alternatives; 0 before anything was seen: no evidence. */
export function meanOfLogs(logs: readonly number[]): number {
  if (logs.length === 0) return 0;
  const most = Math.max(...logs);
  return most + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - most), 0) / logs.length);
}

/** By alternative: how much likelier `failed` of `requests` are under it than under `share`. All in (0, 1). */
export function logShareRatios(failed: number, requests: number, share: number, alternatives: readonly number[]): number[] {
  return alternatives.map((other) => failed * Math.log(other / share) + (requests - failed) * Math.log((1 - other) / (1 - share)));
}

function addLogs(one: number | undefined, other: number): number {
  if (one === undefined) return other;
  return one > other ? one + Math.log1p(Math.exp(other - one)) : other + Math.log1p(Math.exp(one - other));
}
