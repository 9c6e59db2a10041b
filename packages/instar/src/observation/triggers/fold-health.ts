import type { MetricsBucket } from "../metrics-bucket.ts";
import type { ObservationPlan } from "../observation-plan.ts";
import type { HealthState, HeartbeatState, ObservationState, ServingState } from "../observation-state.ts";

/** The most checks in a row that any flake rate asks for, and restarts that are remembered. */
const REMEMBERED = 16;

/** Adds what a span tells of whether the version lives: checks, serving, restarts, heartbeat. */
export function foldHealth(
  state: ObservationState,
  bucket: MetricsBucket,
  { limits }: ObservationPlan,
): Pick<ObservationState, "health" | "serving" | "restarts" | "heartbeat"> {
  return {
    health: foldChecks(state.health, bucket),
    serving: foldServing(state.serving, bucket),
    restarts: {
      total: state.restarts.total + bucket.restarts,
      recentTickMs: [...state.restarts.recentTickMs, ...Array<number>(Math.min(REMEMBERED, bucket.restarts)).fill(bucket.tickMs)].slice(-REMEMBERED),
    },
    heartbeat: limits.heartbeatWithinMs === null ? state.heartbeat : foldHeartbeat(state.heartbeat, bucket, limits.heartbeatWithinMs),
  };
}

function foldChecks(health: HealthState, { health: checks, tickMs }: MetricsBucket): HealthState {
  let { last, lastTickMs, probes, unhealthyTickMs } = health;
  for (const check of checks) {
    [last, lastTickMs] = [check, tickMs];
    // A check that could not be made tells nothing of the version: it neither ends a row nor lengthens it.
    if (check.verdict === "error") continue;
    probes += 1;
    unhealthyTickMs = check.verdict === "pass" ? [] : [...unhealthyTickMs, tickMs].slice(-REMEMBERED);
  }
  return { last, lastTickMs, probes, unhealthyTickMs };
}

function foldServing(serving: ServingState, { isServing, restarts, tickMs }: MetricsBucket): ServingState {
  if (isServing === null) return { ...serving, last: null };
  if (isServing) return { last: true, downSinceTickMs: null, downLooks: 0, isRestarting: false };
  return {
    last: false,
    downSinceTickMs: serving.downSinceTickMs ?? tickMs,
    downLooks: serving.downLooks + 1,
    isRestarting: serving.isRestarting || restarts > 0,
  };
}

function foldHeartbeat(heartbeat: HeartbeatState, { heartbeatAgeMs, silent, tickMs }: MetricsBucket, withinMs: number): HeartbeatState {
  if (heartbeatAgeMs === null && silent.heartbeat !== undefined) return heartbeat;
  if (heartbeatAgeMs !== null && heartbeatAgeMs <= withinMs) return { lastAgeMs: heartbeatAgeMs, missingSinceTickMs: null, missingLooks: 0 };
  return { lastAgeMs: heartbeatAgeMs, missingSinceTickMs: heartbeat.missingSinceTickMs ?? tickMs, missingLooks: heartbeat.missingLooks + 1 };
}
