import { medianOf } from "./robust-spread.ts";

export interface Trend {
  /** Standard normal deviations of the Mann-Kendall statistic from what values without a trend give, ties and continuity considered. */
  readonly z: number;
  /** Theil-Sen: the median of all slopes between two values, a value. */
  readonly slope: number;
}

/** Whether values in order of time rise (Mann 1945, Kendall 1975) and how fast (Theil 1950, Sen 1968). No shape is assumed, and outliers move neither. */
export function measureTrend(values: readonly number[]): Trend {
  let signs = 0;
  const slopes: number[] = [];
  for (const [index, value] of values.entries())
    for (let later = index + 1; later < values.length; later += 1) {
      const difference = (values[later] ?? 0) - value;
      signs += Math.sign(difference);
      slopes.push(difference / (later - index));
    }
  const spread = Math.sqrt(varianceOf(values));
  return { z: spread === 0 ? 0 : (signs - Math.sign(signs)) / spread, slope: medianOf(slopes) ?? 0 };
}

function varianceOf(values: readonly number[]): number {
  const ties = new Map<number, number>();
  for (const value of values) ties.set(value, (ties.get(value) ?? 0) + 1);
  const term = (count: number) => count * (count - 1) * (2 * count + 5);
  return (term(values.length) - [...ties.values()].reduce((sum, count) => sum + term(count), 0)) / 18;
}
