import { BUCKET_MS } from "../metrics-bucket.ts";
import type { ObservationPlan } from "../observation-plan.ts";
import type { ObservationState } from "../observation-state.ts";
import { LOOP_MS, planRestartLimit, planUnhealthyInRow } from "./plan-liveness-limits.ts";
import { renderSpan } from "./render-numbers.ts";
import type { TriggerFinding } from "./trigger-finding.ts";

/** The specification's numbers (`self-updating-loop` §6.3): checks in a row within five minutes, any time without service within thirty seconds. */
const UNHEALTHY_WITHIN_MS = 300_000;
const UNAVAILABLE_MS = 30_000;
/** Looks that are closer together than this are one: a stall of a moment is neither sickness nor an end. */
const APART_MS = 4_000;

const base = { gate: "rollback", nextLookMs: BUCKET_MS, raisedAtTickMs: null, statistic: null, bound: null } as const;

/** health_check_failure: so many checks in a row that the old version's own flakes hardly ever come to it. */
export function judgeHealthChecks({ health, lastTickMs }: ObservationState, { baseline, limits }: ObservationPlan): TriggerFinding {
  const needed = planUnhealthyInRow(baseline.health, limits.maxMs);
  const row = health.unhealthyTickMs;
  const spanMs = (row.at(-1) ?? 0) - (row.at(-needed) ?? 0);
  const finding = { ...base, trigger: "health_check_failure", statistic: health.unhealthyTickMs.length, threshold: needed, samples: health.probes } as const;
  if (row.length >= needed && (row.at(-1) ?? 0) - (row[0] ?? 0) >= APART_MS && spanMs <= UNHEALTHY_WITHIN_MS)
    return {
      ...finding,
      verdict: "fail",
      because: `unhealthy ${needed} times in a row within ${renderSpan(Math.max(1_000, spanMs))}: ${health.last?.because ?? ""}`,
    };
  if (health.last === null) return { ...finding, verdict: "nodata", because: "no health check was made yet" };
  const ageMs = (lastTickMs ?? 0) - (health.lastTickMs ?? 0);
  if (ageMs > UNHEALTHY_WITHIN_MS) return { ...finding, verdict: "nodata", because: `the last health check is ${renderSpan(ageMs)} old` };
  if (health.last.verdict === "pass") return { ...finding, verdict: "pass", because: health.last.because };
  if (health.last.verdict === "error") return { ...finding, verdict: "error", because: `the health check could not be made: ${health.last.because}` };
  return { ...finding, verdict: "inconclusive", because: `unhealthy ${row.length} times in a row (${needed} are too many): ${health.last.because}` };
}

/** service_unavailable: not serving at two looks in a row; where it is being started again it has thirty seconds. Who could not be asked is not down. */
export function judgeServing({ serving, lastTickMs }: ObservationState): TriggerFinding {
  const finding = { ...base, trigger: "service_unavailable", statistic: serving.downLooks, threshold: 2, samples: serving.downLooks } as const;
  if (serving.downSinceTickMs === null)
    return serving.last === true
      ? { ...finding, verdict: "pass", because: "it serves" }
      : { ...finding, verdict: "nodata", because: "nobody could tell whether it serves" };
  // Counted from the end of the span in which it was first seen down, of which it may have missed all.
  const downMs = (lastTickMs ?? 0) - serving.downSinceTickMs + BUCKET_MS;
  const isConfirmed = serving.downLooks >= 2 && (lastTickMs ?? 0) - serving.downSinceTickMs >= APART_MS;
  const isDown = isConfirmed && serving.last === false && (!serving.isRestarting || downMs >= UNAVAILABLE_MS);
  const because = `it has not served for ${renderSpan(downMs)}${serving.isRestarting ? ", and does not come back" : ""}`;
  return isDown
    ? { ...finding, verdict: "fail", because }
    : { ...finding, verdict: "inconclusive", because: `it does not serve; the next look tells whether it comes back` };
}

/** crash_loop: ends by itself again and again, where the old version did not as often. */
export function judgeCrashLoop({ restarts, lastTickMs }: ObservationState, { baseline, limits }: ObservationPlan): TriggerFinding {
  const needed = planRestartLimit(baseline, limits.maxMs);
  const recent = restarts.recentTickMs.filter((tickMs) => (lastTickMs ?? 0) - tickMs < LOOP_MS).length;
  const finding = { ...base, trigger: "crash_loop", statistic: recent, threshold: needed, samples: restarts.total } as const;
  if (recent >= needed) return { ...finding, verdict: "fail", because: `it ended by itself ${recent} times within ${renderSpan(LOOP_MS)}` };
  return { ...finding, verdict: "pass", because: restarts.total === 0 ? "it never ended by itself" : `it ended by itself ${restarts.total} times in all` };
}

/** missing_heartbeat, seen twice. An old version that had none either makes it a thing to say and no more. */
export function judgeHeartbeat({ heartbeat, lastTickMs }: ObservationState, { baseline, limits }: ObservationPlan): TriggerFinding | undefined {
  const withinMs = limits.heartbeatWithinMs;
  if (withinMs === null) return undefined;
  const gate = baseline.hasHeartbeat || baseline.coveredMs === 0 ? "rollback" : "report";
  const finding = {
    ...base,
    gate,
    trigger: "missing_heartbeat",
    statistic: heartbeat.lastAgeMs,
    threshold: withinMs,
    samples: heartbeat.missingLooks,
  } as const;
  if (heartbeat.missingSinceTickMs === null)
    return heartbeat.lastAgeMs === null
      ? { ...finding, verdict: "nodata", because: "no heartbeat was looked for yet" }
      : { ...finding, verdict: "pass", because: "its heartbeat is fresh" };
  const missingMs = (lastTickMs ?? 0) - heartbeat.missingSinceTickMs + (heartbeat.lastAgeMs ?? 0);
  const because =
    heartbeat.lastAgeMs === null
      ? `no heartbeat for ${renderSpan(Math.max(1_000, missingMs))}`
      : `its last heartbeat is ${renderSpan(heartbeat.lastAgeMs)} old`;
  // One that never beat since it started has as long as a heartbeat may be old.
  const isMissing = heartbeat.missingLooks >= 2 && missingMs > withinMs;
  return { ...finding, verdict: isMissing ? "fail" : "inconclusive", because };
}
