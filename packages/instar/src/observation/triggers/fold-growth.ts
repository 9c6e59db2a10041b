import { BUCKET_MS } from "../metrics-bucket.ts";
import type { GrowthState } from "../observation-state.ts";

/** Twice as many cells as are kept at least: then neighbours are joined. */
const MOST_CELLS = 48;

/** Adds one value to the means. A span without a value adds nothing: the next cell then covers more time, and never an invented one. */
export function foldGrowth(growth: GrowthState, value: number | null, coveredMs: number): GrowthState {
  if (value === null || coveredMs <= 0) return growth;
  // Weighed by time, and never by more than a bucket's: a bucket that covers more does not make a cell alone.
  const weightMs = Math.min(coveredMs, 2 * BUCKET_MS);
  const open = { coveredMs: growth.open.coveredMs + weightMs, sum: growth.open.sum + value * weightMs };
  if (open.coveredMs < growth.cellMs) return { ...growth, open };
  const cells = [...growth.cells, open.sum / open.coveredMs];
  const empty = { coveredMs: 0, sum: 0 };
  if (cells.length < MOST_CELLS) return { cellMs: growth.cellMs, cells, open: empty };
  const joined = cells.flatMap((cell, index) => (index % 2 === 0 ? [(cell + (cells[index + 1] ?? cell)) / 2] : []));
  return { cellMs: growth.cellMs * 2, cells: joined, open: empty };
}
