/**
 * Bounds of a share from counts (Wilson 1927, the score interval without continuity correction), `z` standard normal deviations wide: 1.96 for 95 % on
 * both sides. Without trials nothing is known: 0 and 1.
 */
export function wilsonBounds(count: number, trials: number, z: number): { readonly lower: number; readonly upper: number } {
  if (trials === 0) return { lower: 0, upper: 1 };
  const share = count / trials;
  const shrink = 1 + (z * z) / trials;
  const centre = (share + (z * z) / (2 * trials)) / shrink;
  const half = (z / shrink) * Math.sqrt((share * (1 - share)) / trials + (z * z) / (4 * trials * trials));
  return { lower: count === 0 ? 0 : Math.max(0, centre - half), upper: count === trials ? 1 : Math.min(1, centre + half) };
}
