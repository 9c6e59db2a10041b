/** A line of points at times of its own. */
export interface PointLine {
  readonly points: readonly { readonly atMs: number; readonly value: number | null }[];
}

/**
 * Several lines over one axis: every time once, in order, and each line's value at it. Where a line has no point it is undefined, which is drawn through;
 * null, where it has one that nobody could measure, is a gap. A clock that went back leaves the later of two points at the same time. Pure.
 */
export function alignSeries(lines: readonly PointLine[]): {
  readonly times: readonly number[];
  readonly values: readonly (readonly (number | null | undefined)[])[];
} {
  const times = [...new Set(lines.flatMap(({ points }) => points.map(({ atMs }) => atMs)))].sort((a, b) => a - b);
  return {
    times,
    values: lines.map(({ points }) => {
      const at = new Map(points.map(({ atMs, value }) => [atMs, value]));
      return times.map((time) => at.get(time));
    }),
  };
}
