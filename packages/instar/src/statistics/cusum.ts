/** How far values have drifted up and down, in standard deviations, beyond what is let pass. */
export interface CusumState {
  readonly up: number;
  readonly down: number;
}

/** Page 1954, two-sided: sums of what exceeds `slack` standard deviations, never below 0. */
export function foldCusum({ up, down }: CusumState, deviations: number, slack: number): CusumState {
  return { up: Math.max(0, up + deviations - slack), down: Math.max(0, down - deviations - slack) };
}

/**
 * The height at which a two-sided CUSUM of independent normal values raises a false alarm once in `runLength` values. Siegmund's approximation (1985, §2.6) of
 * the one-sided run length, (e^2kb - 2kb - 1) / 2k² with b = h + 1.166, halved for two sides: within 2 % of the exact values from 100 on.
 */
export function planCusumHeight(runLength: number, slack: number): number {
  let [low, high] = [0, 100];
  // 60 halvings leave less than a double can tell apart.
  for (let round = 0; round < 60; round += 1) {
    const middle = (low + high) / 2;
    const scaled = 2 * slack * (middle + 1.166);
    if ((Math.exp(scaled) - scaled - 1) / (4 * slack * slack) < runLength) low = middle;
    else high = middle;
  }
  return high;
}
