import type { MetricsBucket } from "./metrics-bucket.ts";
import type { ObservationPlan } from "./observation-plan.ts";
import type { GrowthState, ObservationState, SilentSource, ThingsState } from "./observation-state.ts";
import { foldAlarms } from "./triggers/fold-alarms.ts";
import { foldFront } from "./triggers/fold-errors.ts";
import { foldGrowth, LOOP_FLOOR, MEMORY_FLOOR } from "./triggers/fold-growth.ts";
import { foldHealth } from "./triggers/fold-health.ts";
import { foldShifts } from "./triggers/fold-shifts.ts";
import { LATENCY_LEVELS } from "./triggers/latency-levels.ts";

/** What a version is known by before its first bucket: nothing, which is never a pass. */
export function emptyObservation(): ObservationState {
  const growth: GrowthState = { cellMs: 60_000, cells: [], open: { coveredMs: 0, sum: 0 }, growth: null };
  return {
    buckets: 0,
    lastTickMs: null,
    lastWallMs: null,
    countedMs: 0,
    errors: { total: null, lastTickMs: null, beside: null, recent: [], rise: [], apart: [] },
    latency: LATENCY_LEVELS.map(() => ({ requests: 0, slow: 0, besideRequests: 0, besideSlow: 0, rise: [], apart: [] })),
    health: { last: null, lastTickMs: null, probes: 0, unhealthyTickMs: [] },
    serving: { last: null, downSinceTickMs: null, downLooks: 0, isRestarting: false },
    restarts: { total: 0, recentTickMs: [] },
    memory: growth,
    eventLoop: growth,
    heartbeat: { lastAgeMs: null, missingSinceTickMs: null, missingLooks: 0 },
    things: { asked: 0, missing: {} },
    damage: null,
    shifts: {},
    silent: {},
    alarms: {},
  };
}

/**
 * Adds one bucket. A pure function of what was recorded, so that a daemon that begins anew goes on with the state of the journal, and anybody can compute it
 * again. Buckets of another release, and any that are not newer than the newest, change nothing: folding twice equals once.
 */
export function foldBucket(state: ObservationState, bucket: MetricsBucket, plan: ObservationPlan): ObservationState {
  if (bucket.release !== plan.limits.release || (state.lastTickMs !== null && bucket.tickMs <= state.lastTickMs)) return state;
  const { shifts, alarms } = foldShifts(state.shifts, bucket, plan);
  const next: ObservationState = {
    ...state,
    buckets: state.buckets + 1,
    lastTickMs: bucket.tickMs,
    lastWallMs: bucket.wallMs,
    countedMs: state.countedMs + bucket.coveredMs,
    ...foldFront(state, bucket, plan),
    ...foldHealth(state, bucket, plan),
    memory: foldGrowth(state.memory, { value: bucket.residentBytes, oldMost: plan.baseline.residentBytes, floor: MEMORY_FLOOR }, bucket.coveredMs),
    eventLoop: foldGrowth(state.eventLoop, { value: bucket.eventLoopDelayMs, oldMost: plan.baseline.eventLoopDelayMs, floor: LOOP_FLOOR }, bucket.coveredMs),
    things: foldThings(state.things, bucket, plan),
    damage: bucket.damage === null ? null : { because: bucket.damage, looks: (state.damage?.looks ?? 0) + 1 },
    shifts,
    silent: foldSilent(state.silent, bucket),
  };
  return { ...next, alarms: foldAlarms(state, next, alarms, plan) };
}

function foldThings(things: ThingsState, { things: found, tickMs }: MetricsBucket, { baseline }: ObservationPlan): ThingsState {
  if (found === null) return things;
  const missing: Record<string, { sinceTickMs: number; looks: number }> = {};
  for (const [kind, names] of Object.entries(baseline.things)) {
    // A kind that was not asked this time keeps what was known of it.
    const has = found[kind];
    for (const name of names) {
      const key = `${kind}: ${name}`;
      const before = things.missing[key];
      if (has === undefined && before !== undefined) missing[key] = before;
      if (has !== undefined && !has.includes(name)) missing[key] = { sinceTickMs: before?.sinceTickMs ?? tickMs, looks: (before?.looks ?? 0) + 1 };
    }
  }
  return { asked: things.asked + 1, missing };
}

function foldSilent(silent: ObservationState["silent"], bucket: MetricsBucket): Readonly<Record<string, SilentSource>> {
  return Object.fromEntries(
    Object.entries(bucket.silent).map(([source, because]) => [source, { because, sinceTickMs: silent[source]?.sinceTickMs ?? bucket.tickMs }]),
  );
}
