import type { HourBaseline, ObservationBaseline } from "../observation-baseline.ts";
import type { ObservationLimits } from "../observation-limits.ts";

export interface ErrorLimits {
  /** The share that is allowed: the operator's, or what the old version did where that is known to be more. */
  readonly allowed: number;
  /** At most this share is taken for the old version's own failures. */
  readonly usual: number;
  /** Failures that come in swarms count for less: likelihoods are taken to the power of 1 / dispersion, which keeps them on the safe side. */
  readonly dispersion: number;
}

/** An old version that never failed is still taken to fail one time in a hundred: two failures in a quiet minute are no reason to go back. */
const USUAL_FLOOR = 0.01;

/** What the failures of a span are held to, by the hour of the day where that is known. Nothing known excuses nothing: then the operator's limit is all. */
export function planErrorLimits(baseline: ObservationBaseline, { errorShare }: ObservationLimits, wallMs: number | null): ErrorLimits {
  const errors = hourOf(baseline, wallMs)?.errors ?? baseline.errors;
  // In (0, 1), whatever the operator writes: likelihoods of the impossible are no numbers.
  const allowed = Math.min(0.99, errors !== null && errors.atLeast > errorShare ? errors.atMost : Math.max(errorShare, 1e-6));
  return { allowed, usual: Math.min(allowed, Math.max(USUAL_FLOOR, errors?.atMost ?? 1)), dispersion: errors?.dispersion ?? 1 };
}

/** Wall time only picks the hour: clocks that jump compare with another hour of the old version, and nothing else. */
export function hourOf(baseline: ObservationBaseline, wallMs: number | null): HourBaseline | undefined {
  return wallMs === null ? undefined : baseline.hours[utcHourOf(wallMs)];
}

export function utcHourOf(wallMs: number): number {
  return ((Math.floor(wallMs / 3_600_000) % 24) + 24) % 24;
}
