import { BUCKET_MS } from "../metrics-bucket.ts";
import type { GrowthState } from "../observation-state.ts";
import { type GrowthFloor, judgeGrowth } from "./judge-growth.ts";

/** Twice as many cells as are kept at least: then neighbours are joined. */
const MOST_CELLS = 48;

/** A gauge of which the old version's most is known, or null. */
export interface Gauge {
  readonly value: number | null;
  readonly oldMost: number | null;
  readonly floor: GrowthFloor;
}

export const MEMORY_FLOOR: GrowthFloor = { absolute: 33_554_432, relative: 0.2 };
/** A request waits as long as the loop is late: below 20 ms nobody notices. */
export const LOOP_FLOOR: GrowthFloor = { absolute: 20, relative: 0.5 };

/** Adds one value to the means. A span without a value adds nothing: the next cell then covers more time, and never an invented one. */
export function foldGrowth(growth: GrowthState, { value, oldMost, floor }: Gauge, coveredMs: number): GrowthState {
  if (value === null || coveredMs <= 0) return growth;
  // Weighed by time, and never by more than a bucket's: a bucket that covers more does not make a cell alone.
  const weightMs = Math.min(coveredMs, 2 * BUCKET_MS);
  const open = { coveredMs: growth.open.coveredMs + weightMs, sum: growth.open.sum + value * weightMs };
  if (open.coveredMs < growth.cellMs) return { ...growth, open };
  const cells = [...growth.cells, open.sum / open.coveredMs];
  const [kept, cellMs] = cells.length < MOST_CELLS ? [cells, growth.cellMs] : [joinNeighbours(cells), growth.cellMs * 2];
  return { cellMs, cells: kept, open: { coveredMs: 0, sum: 0 }, growth: judgeGrowth(kept, cellMs, oldMost, floor) };
}

const joinNeighbours = (cells: readonly number[]) => cells.flatMap((cell, index) => (index % 2 === 0 ? [(cell + (cells[index + 1] ?? cell)) / 2] : []));
