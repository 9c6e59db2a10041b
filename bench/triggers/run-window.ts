import { emptyObservation, foldBucket } from "../../packages/instar/src/observation/fold-observation.ts";
import { judgeObservation } from "../../packages/instar/src/observation/judge-observation.ts";
import { BUCKET_MS, type MetricsBucket } from "../../packages/instar/src/observation/metrics-bucket.ts";
import type { ObservationPlan } from "../../packages/instar/src/observation/observation-plan.ts";
import { planBaseline } from "../../packages/instar/src/observation/plan-baseline.ts";
import { createSeededRandom } from "../../packages/instar/src/statistics/seeded-random.ts";
import { createDraw, type Draw } from "./draw.ts";
import type { Scenario } from "./scenarios.ts";
import { type SimulatedMachine, simulateBucket, type VersionShape } from "./simulate-bucket.ts";

export interface WindowResult {
  /** The first of each: what rolled back (which ends the watch) and what asked for a person before. */
  readonly rollback: Ending | undefined;
  readonly pause: Ending | undefined;
  /** When the fault began; 0 where there is none. */
  readonly faultMs: number;
  /** Whether the specification's bare threshold (more than a tenth of two minutes' requests) would have rolled back before anything else happened. */
  readonly bareRollback: boolean;
}

export interface Ending {
  readonly trigger: string;
  readonly atMs: number;
}

const HOUR_MS = 3_600_000;
const BUCKETS_A_MINUTE = 60_000 / BUCKET_MS;
const BUCKETS_OF_BARE = 2 * BUCKETS_A_MINUTE;

/** One watch of a simulated version, from what its old version was seen to be before. The same seed is the same watch. */
export function runWindow(scenario: Scenario, seed: number): WindowResult {
  const draw = createDraw(createSeededRandom(seed));
  const machine: SimulatedMachine = { metricNoise: 0 };
  const plan = planWatch(scenario, machine, draw);
  // A fault that is there from the start meets an empty window, one that comes later a full one: any time within an hour.
  const faultAt = scenario.wrong === undefined ? Number.POSITIVE_INFINITY : Math.floor(draw.uniform() * 720);
  const faultMs = Number.isFinite(faultAt) ? faultAt * BUCKET_MS : 0;
  const last = (scenario.hours * HOUR_MS) / BUCKET_MS + (Number.isFinite(faultAt) ? faultAt : 0);
  let state = emptyObservation();
  let shape: VersionShape = scenario.well(0, draw);
  let bare = { requests: 0, failed: 0 };
  let bareRollback = false;
  let pause: Ending | undefined;
  for (let index = 0; index < last; index += 1) {
    const atMs = index * BUCKET_MS;
    if (index % BUCKETS_A_MINUTE === 0) shape = scenario.well(atMs, draw);
    const isWrong = index >= faultAt && scenario.wrong !== undefined;
    const now = isWrong ? (scenario.wrong?.(shape, atMs - faultMs) ?? shape) : shape;
    const bucket = simulateSpan(scenario, "new", index, now, shape, machine, draw);
    if (index % BUCKETS_OF_BARE === 0) bare = { requests: 0, failed: 0 };
    bare = { requests: bare.requests + (bucket.front?.requests ?? 0), failed: bare.failed + (bucket.front?.failed ?? 0) };
    if (index % BUCKETS_OF_BARE === BUCKETS_OF_BARE - 1 && !isWrong && bare.failed > 0.1 * bare.requests) bareRollback = true;
    state = foldBucket(state, bucket, plan);
    const { action, findings } = judgeObservation(state, plan, bucket.tickMs, { confirmedAtTickMs: null });
    const ending = { trigger: findings[0]?.trigger ?? "", atMs: bucket.tickMs };
    if (action === "roll-back") return { rollback: ending, pause, faultMs, bareRollback };
    if (action === "pause") pause ??= ending;
    if (pause !== undefined && scenario.wants === "pause") break;
  }
  return { rollback: undefined, pause, faultMs, bareRollback };
}

function planWatch(scenario: Scenario, machine: SimulatedMachine, draw: Draw): ObservationPlan {
  const buckets: MetricsBucket[] = [];
  const count = (scenario.baselineHours * HOUR_MS) / BUCKET_MS;
  let shape = scenario.well(-scenario.baselineHours * HOUR_MS, draw);
  for (let index = -count; index < 0; index += 1) {
    if (index % BUCKETS_A_MINUTE === 0) shape = scenario.well(index * BUCKET_MS, draw);
    buckets.push(simulateSpan({ ...scenario, beside: 0 }, "old", index, shape, shape, machine, draw));
  }
  // Longer than the simulated time, so that nothing ends it but a trigger.
  const windowMs = (scenario.wrong === undefined ? scenario.hours : 72) * HOUR_MS;
  return {
    baseline: planBaseline(buckets),
    limits: {
      release: "new",
      risk: "critical",
      windowMs,
      maxMs: 2 * windowMs,
      requests: 200,
      errorShare: 0.1,
      slowdown: 1.5,
      heartbeatWithinMs: null,
      onUnverified: "hold",
    },
  };
}

function simulateSpan(
  { traffic, beside = 0 }: Scenario,
  release: string,
  index: number,
  shape: VersionShape,
  old: VersionShape,
  machine: SimulatedMachine,
  draw: Draw,
): MetricsBucket {
  const perMinute = traffic(index * BUCKET_MS);
  return simulateBucket(
    {
      release,
      index,
      requestsAMinute: perMinute * (1 - beside),
      shape,
      beside: beside === 0 ? undefined : { shape: old, requestsAMinute: perMinute * beside },
    },
    machine,
    draw,
  );
}
