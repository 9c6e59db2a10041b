import type { ObservationBaseline } from "../observation-baseline.ts";
import { ROLLBACK_ALPHA } from "./false-alarm-budget.ts";

/** Restarts this close together are one loop. */
export const LOOP_MS = 3_600_000;
/** The specification's three; more than twelve would ask for a minute of silence and more. */
const FEWEST_IN_ROW = 3;
const MOST_IN_ROW = 12;
/** An old version of which little is known is taken to fail one check in a hundred. */
const PRIOR = { failed: 0.5, probes: 50 };

/** A version under watch is asked how it is about so often. */
const CHECK_EVERY_MS = 2_000;

/** Three, or as many as make a row of the old version's flakes rarer than the budget in a window. */
export function planUnhealthyInRow({ probes, failed }: ObservationBaseline["health"], windowMs: number): number {
  const flakes = (failed + PRIOR.failed) / (probes + PRIOR.probes);
  let needed = FEWEST_IN_ROW;
  while (needed < MOST_IN_ROW && (windowMs / CHECK_EVERY_MS) * flakes ** needed > ROLLBACK_ALPHA.health) needed += 1;
  return needed;
}

const FEWEST_RESTARTS = 3;
const MOST_RESTARTS = 12;

/** Three within an hour; more where the old version ended by itself as well: as many as its own rate (one more than was seen) hardly ever comes to in the window. */
export function planRestartLimit({ restarts, coveredMs }: Pick<ObservationBaseline, "restarts" | "coveredMs">, windowMs: number): number {
  if (restarts === 0 || coveredMs === 0) return FEWEST_RESTARTS;
  const expected = (restarts + 1) / Math.max(1, coveredMs / LOOP_MS);
  // Hours that overlap by half hold every loop of half an hour.
  const hours = Math.max(1, (2 * windowMs) / LOOP_MS);
  let needed = FEWEST_RESTARTS;
  while (needed < MOST_RESTARTS && hours * poissonTail(needed, expected) > ROLLBACK_ALPHA.restarts) needed += 1;
  return needed;
}

/** P(X >= count) for X Poisson(mean). */
function poissonTail(count: number, mean: number): number {
  let term = Math.exp(-mean);
  let below = 0;
  for (let value = 0; value < count; value += 1) {
    below += term;
    term *= mean / (value + 1);
  }
  return Math.max(0, 1 - below);
}
