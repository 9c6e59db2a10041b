import { BUCKET_MS } from "../../observation/metrics-bucket.ts";
import type { ObservationLimits } from "../../observation/observation-limits.ts";
import type { ObservationState } from "../../observation/observation-state.ts";
import type { Glimpse } from "./observer.ts";

/** Two looks in a row make some findings, so they must not follow each other too closely: a process that ended is started again meanwhile. */
const SOON_MS = 1_000;
/** Of the requests since the last bucket: from here on a flood of failures is not kept waiting. */
const FLOOD = 5;

/** Whether a span should end now, before its time: where something bad shows, and where with it the window is over. Pure. */
export function decideClose(glimpse: Glimpse | undefined, state: ObservationState, limits: ObservationLimits, sinceCloseMs: number): boolean {
  if (glimpse === undefined) return sinceCloseMs >= BUCKET_MS;
  const { coveredMs, requests, failed, restarts, isServing } = glimpse;
  if (coveredMs >= BUCKET_MS) return true;
  const isBad = isServing === false || restarts > 0 || (failed >= FLOOD && failed > requests * limits.errorShare);
  if (isBad) return coveredMs >= SOON_MS;
  const isOver = state.countedMs + coveredMs >= limits.windowMs && (state.errors.total?.requests ?? 0) + requests >= limits.requests;
  // The first time at once; where it was not enough then, something is silent, and is given the time to answer.
  return isOver && coveredMs > 0 && (state.countedMs < limits.windowMs || coveredMs >= SOON_MS || requests > 0);
}
