import { foldCusum, planCusumHeight } from "../../statistics/cusum.ts";
import type { MetricsBucket } from "../metrics-bucket.ts";
import type { ShiftBaseline } from "../observation-baseline.ts";
import type { ObservationPlan } from "../observation-plan.ts";
import type { ShiftState } from "../observation-state.ts";
import { ALARM_ALPHA } from "./false-alarm-budget.ts";

const MINUTE_MS = 60_000;
/** One value counts for at most so many standard deviations: a single outlier is not a shift. */
const LARGEST_DEVIATION = 4;
/** Sums of what no metric ever is would be infinite, which JSON does not know. */
const LARGEST = 1e100;
/** A shift of one standard deviation is what it is tuned to see soonest: half of it is let pass (Page 1954). */
const SLACK = 0.5;

export interface ShiftLimits {
  readonly slack: number;
  readonly height: number;
}

/** What the name of the log's errors is among the operator's metrics, which cannot have it. */
export const LOG_ERRORS = "log_errors";

export interface FoldedShifts {
  readonly shifts: Readonly<Record<string, ShiftState>>;
  /** Those that reached their height with this bucket. */
  readonly alarms: readonly { readonly name: string; readonly direction: "more" | "less" }[];
}

/** Adds a span to the minutes of the log's errors and of the operator's metrics. Only what the old version is known by is followed. */
export function foldShifts(shifts: Readonly<Record<string, ShiftState>>, bucket: MetricsBucket, plan: ObservationPlan): FoldedShifts {
  const next: Record<string, ShiftState> = { ...shifts };
  const alarms: { name: string; direction: "more" | "less" }[] = [];
  const { logErrors, metrics } = plan.baseline;
  const followed: [string, ShiftBaseline, number | undefined][] = Object.entries(metrics).map(([name, baseline]) => [name, baseline, bucket.metrics[name]]);
  if (logErrors !== null) followed.push([LOG_ERRORS, logErrors, bucket.logErrors ?? undefined]);
  for (const [name, baseline, value] of followed) {
    if (value === undefined) continue;
    const folded = foldValue(next[name] ?? EMPTY, { name, baseline, plan }, value, bucket.coveredMs);
    next[name] = folded.shift;
    // Fewer errors in the log are no alarm.
    if (folded.reached !== undefined && !(name === LOG_ERRORS && folded.reached === "less")) alarms.push({ name, direction: folded.reached });
  }
  return { shifts: next, alarms };
}

/** Of a window's minutes, over all that is followed, an alarm without a shift comes with ALARM_ALPHA.shifts at most. */
export function planShiftLimits({ limits, baseline }: ObservationPlan, { minutes }: ShiftBaseline): ShiftLimits {
  const followed = Object.keys(baseline.metrics).length + (baseline.logErrors === null ? 0 : 1);
  const runLength = ((limits.maxMs / MINUTE_MS) * Math.max(1, followed)) / ALARM_ALPHA.shifts;
  // The old median is itself only known to 1.2533 standard errors: twice that is let pass too, or each window would drift by its baseline's error.
  const slack = SLACK + (2 * 1.2533) / Math.sqrt(Math.max(1, minutes));
  return { slack, height: planCusumHeight(runLength, slack) };
}

/** On the scale on which counts of any size are spread alike (Anscombe 1948). */
export function scaleLogErrors(countAMinute: number): number {
  return Math.sqrt(Math.max(0, countAMinute) + 0.375);
}

const EMPTY: ShiftState = { cusum: { up: 0, down: 0 }, minutes: 0, open: { coveredMs: 0, sum: 0, buckets: 0 } };

function foldValue(
  shift: ShiftState,
  { name, baseline, plan }: { readonly name: string; readonly baseline: ShiftBaseline; readonly plan: ObservationPlan },
  value: number,
  coveredMs: number,
): { shift: ShiftState; reached?: "more" | "less" } {
  const open = {
    coveredMs: shift.open.coveredMs + coveredMs,
    sum: shift.open.sum + Math.min(LARGEST, Math.max(-LARGEST, value)),
    buckets: shift.open.buckets + 1,
  };
  if (open.coveredMs < MINUTE_MS) return { shift: { ...shift, open } };
  const point = name === LOG_ERRORS ? scaleLogErrors((open.sum * MINUTE_MS) / open.coveredMs) : open.sum / open.buckets;
  const limits = planShiftLimits(plan, baseline);
  const cusum = foldCusum(shift.cusum, deviationsOf(point, baseline), limits.slack);
  const reached = cusum.up >= limits.height ? "more" : cusum.down >= limits.height ? "less" : undefined;
  const minutes = shift.minutes + 1;
  if (reached === undefined) return { shift: { cusum, minutes, open: EMPTY.open } };
  // It begins anew: whether what raised the alarm goes on shows by itself.
  return { shift: { cusum: EMPTY.cusum, minutes, open: EMPTY.open }, reached };
}

function deviationsOf(value: number, { median, deviation }: ShiftBaseline): number {
  const difference = value - median;
  if (difference === 0) return 0;
  return Math.min(LARGEST_DEVIATION, Math.max(-LARGEST_DEVIATION, difference / deviation));
}
