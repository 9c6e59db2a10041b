import { BUCKET_MS } from "../metrics-bucket.ts";
import type { ObservationPlan } from "../observation-plan.ts";
import type { ObservationState } from "../observation-state.ts";
import { LOG_ERRORS, planShiftLimits } from "./fold-shifts.ts";
import { judgeEventLoop, judgeMemory, type Leak } from "./judge-leaks.ts";
import { renderBytes } from "./render-numbers.ts";
import type { Trigger, TriggerFinding } from "./trigger-finding.ts";

/** A leak that has come to this many times what the old version took at most does not wait for a person. */
const RUNAWAY_TIMES = 4;

/** What was raised and holds for a person, and how near each of the others is. An alarm that somebody confirmed after it was raised is only said. */
export function judgeAlarms(state: ObservationState, plan: ObservationPlan, confirmedAtTickMs: number | null): TriggerFinding[] {
  return [
    ...Object.entries(state.alarms).map(([name, { sinceTickMs, because }]): TriggerFinding => {
      const isConfirmed = confirmedAtTickMs !== null && sinceTickMs <= confirmedAtTickMs;
      return {
        trigger: triggerOf(name),
        gate: isConfirmed ? "report" : "pause",
        verdict: "fail",
        because: isConfirmed ? `${because} (somebody saw it and goes on)` : because,
        statistic: null,
        bound: null,
        threshold: 1,
        samples: state.buckets,
        nextLookMs: BUCKET_MS,
        raisedAtTickMs: sinceTickMs,
      };
    }),
    ...describeShifts(state, plan),
    ...describeMemory(state, plan),
    ...describeLeak("event_loop_growth", judgeEventLoop(state, plan)),
  ];
}

function triggerOf(alarm: string): Trigger {
  switch (alarm) {
    case "errors":
      return "error_rate_spike";
    case "latency":
      return "performance_degradation";
    case "memory":
      return "memory_growth";
    case "event-loop":
      return "event_loop_growth";
    default:
      return alarm === `shift:${LOG_ERRORS}` ? "log_errors" : "metric_shift";
  }
}

function describeShifts(state: ObservationState, plan: ObservationPlan): TriggerFinding[] {
  return Object.entries(state.shifts).flatMap(([name, { cusum, minutes }]) => {
    const baseline = name === LOG_ERRORS ? plan.baseline.logErrors : plan.baseline.metrics[name];
    if (baseline === null || baseline === undefined) return [];
    return {
      trigger: name === LOG_ERRORS ? "log_errors" : "metric_shift",
      gate: "report",
      verdict: minutes === 0 ? "insufficient" : "pass",
      because: `${name === LOG_ERRORS ? "errors in its log" : name}: no shift in ${minutes} minutes since it was last raised`,
      statistic: Math.max(cusum.up, cusum.down),
      bound: null,
      threshold: planShiftLimits(plan, baseline).height,
      samples: minutes,
      nextLookMs: 60_000,
      raisedAtTickMs: null,
    };
  });
}

function describeMemory(state: ObservationState, plan: ObservationPlan): TriggerFinding[] {
  const leak = judgeMemory(state, plan);
  const most = plan.baseline.residentBytes;
  const findings = describeLeak("memory_growth", leak);
  if (leak === undefined || !leak.growth.isGrowing || most === null || leak.growth.level < RUNAWAY_TIMES * most) return findings;
  const because = `${leak.because}: it is ${RUNAWAY_TIMES} times the ${renderBytes(most)} and does not stop`;
  return findings.map((finding) => ({ ...finding, gate: "rollback", verdict: "fail", because }));
}

/** The alarm holds for a person; this only says how it stands. */
function describeLeak(trigger: Trigger, leak: Leak | undefined): TriggerFinding[] {
  if (leak === undefined) return [];
  const { growth, because } = leak;
  const finding: TriggerFinding = {
    trigger,
    gate: "report",
    verdict: growth.isGrowing ? "fail" : growth.cells < 12 ? "insufficient" : "pass",
    because: growth.isGrowing ? because : "no growth that goes on",
    statistic: growth.z,
    bound: growth.grown,
    threshold: growth.zLimit,
    samples: growth.cells,
    nextLookMs: 60_000,
    raisedAtTickMs: null,
  };
  return [finding];
}
