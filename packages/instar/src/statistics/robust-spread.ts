/** Undefined without values. */
export function medianOf(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  return upper === undefined || sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}

/**
 * A standard deviation that outliers do not move: 1.4826 times the median distance from the median (Hampel 1974), which for normal values is the standard
 * deviation; where more than half the values are equal, 1.2533 times the mean distance. Made wider by √((1 + r) / (1 - r)) where neighbours resemble each
 * other with correlation r: sums of such values wander that much further.
 */
export function robustSpread(values: readonly number[]): number {
  const median = medianOf(values) ?? 0;
  const distances = values.map((value) => Math.abs(value - median));
  const spread = 1.4826 * (medianOf(distances) ?? 0) || 1.2533 * (distances.reduce((sum, distance) => sum + distance, 0) / Math.max(1, values.length));
  const resemblance = Math.min(0.95, Math.max(0, neighbourCorrelation(values)));
  return spread * Math.sqrt((1 + resemblance) / (1 - resemblance));
}

function neighbourCorrelation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  let [products, squares] = [0, 0];
  for (const [index, value] of values.entries()) {
    squares += (value - mean) ** 2;
    if (index > 0) products += (value - mean) * ((values[index - 1] ?? mean) - mean);
  }
  return squares === 0 ? 0 : products / squares;
}
