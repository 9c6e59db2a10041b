import type { LatencyBaseline, ObservationBaseline } from "../observation-baseline.ts";
import { hourOf } from "./error-limits.ts";

/** "The quantile is more than `times` the old one" is "more than 1 - quantile of the requests are slower than that": a share, which is judged as one. */
export interface LatencyLevel {
  readonly quantile: "p50Ms" | "p95Ms";
  /** The share that may be slower. */
  readonly share: number;
  /** Times the operator's own limit. */
  readonly beyond: number;
  /**
   * Compared with what was before, other causes than the new version may have slowed it down (load, a neighbour, what it calls), so that a slowdown is
   * `inconclusive` and holds for a person; only twice the limit rolls back. Beside a version that runs at the same time each rolls back.
   */
  readonly gateBefore: "pause" | "rollback";
  /** Fewest requests of a window: the least from which a quantile has a 95 % bound (Wilks 1941). */
  readonly floor: number;
}

export const LATENCY_LEVELS: readonly LatencyLevel[] = [
  { quantile: "p95Ms", share: 0.05, beyond: 1, gateBefore: "pause", floor: 59 },
  { quantile: "p50Ms", share: 0.5, beyond: 1, gateBefore: "pause", floor: 59 },
  { quantile: "p95Ms", share: 0.05, beyond: 2, gateBefore: "rollback", floor: 59 },
];

/** So much slower, times the level's own factor, nobody notices: a ratio of a millisecond or two is the machine's noise. */
export const UNNOTICED_MS = 10;
/** A program that has just started compiles and fills its caches: how fast it answers then says nothing of how fast it is. Of time under watch. */
export const WARM_UP_MS = 30_000;

/** What a request may take at a level, ms; undefined where the old version's latency is not known. */
export function planLatencyLimitMs(baseline: ObservationBaseline, slowdown: number, level: LatencyLevel, wallMs: number | null): number | undefined {
  const latency: LatencyBaseline | null = hourOf(baseline, wallMs)?.latency ?? baseline.latency;
  if (latency === null) return undefined;
  const old = latency[level.quantile];
  return Math.max(old * slowdown * level.beyond, old + UNNOTICED_MS * level.beyond);
}
