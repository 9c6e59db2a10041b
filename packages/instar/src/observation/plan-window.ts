import type { Risk } from "@instar/protocol";
import type { UnverifiedPolicy } from "./observation-limits.ts";

export interface PlannedWindow {
  readonly windowMs: number;
  /** To how much it is extended where evidence is missing (`progressive-delivery` §2.4: twice). */
  readonly maxMs: number;
  readonly onUnverified: UnverifiedPolicy;
}

/** What the operator said; undefined where the risk decides. */
export interface WindowSettings {
  readonly time?: number | undefined;
  readonly onUnverified?: UnverifiedPolicy | undefined;
}

const HOUR_MS = 3_600_000;
const HOURS: Readonly<Record<Risk, number>> = { minimal: 1, low: 1, medium: 6, high: 24, critical: 72 };

/**
 * How long a version is watched, by the risk of its change. A security update has no shorter one: what a change says of itself lowers no gate. It need not wait
 * for the window of the update before it either: that one is superseded. What was never measured is held for a person, not kept.
 */
export function planWindow(risk: Risk, { time, onUnverified }: WindowSettings): PlannedWindow {
  const windowMs = time ?? HOURS[risk] * HOUR_MS;
  return { windowMs, maxMs: 2 * windowMs, onUnverified: onUnverified ?? "hold" };
}
