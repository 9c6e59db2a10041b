import { BUCKET_MS, type FrontCount, type MetricsBucket } from "../../packages/instar/src/observation/metrics-bucket.ts";
import { addToSketch, emptySketch } from "../../packages/instar/src/statistics/latency-sketch.ts";
import type { Draw } from "./draw.ts";

/** How a version is at a moment. What is left out is well and silent of anything to measure. */
export interface VersionShape {
  readonly errorShare: number;
  /** Lognormal. Undefined: nobody looks at latency. */
  readonly latency?: { readonly medianMs: number; readonly sigma: number };
  /** Of the health checks. */
  readonly flakes?: number;
  readonly isServing?: boolean;
  /** A minute. */
  readonly restarts?: number;
  readonly memoryMiB?: number;
  readonly eventLoopMs?: number;
  /** Poisson, a minute. */
  readonly logErrors?: number;
  /** Normal with deviation 1, and as alike from a span to the next as `resemblance` says (0: not at all). */
  readonly metric?: { readonly mean: number; readonly resemblance: number };
}

/** Carried from span to span. */
export interface SimulatedMachine {
  metricNoise: number;
}

export interface Span {
  readonly release: string;
  /** From 0; also the time. */
  readonly index: number;
  readonly requestsAMinute: number;
  readonly shape: VersionShape;
  /** The version beside it, and how many of its requests a minute; undefined where there is none. */
  readonly beside: { readonly shape: VersionShape; readonly requestsAMinute: number } | undefined;
}

/** Wall time at the start of a simulated watch: midnight, UTC. */
const START_WALL_MS = 1_800_057_600_000;
const BUCKETS_A_MINUTE = 60_000 / BUCKET_MS;

export function simulateBucket({ release, index, requestsAMinute, shape, beside }: Span, machine: SimulatedMachine, draw: Draw): MetricsBucket {
  const { metric } = shape;
  if (metric !== undefined) machine.metricNoise = metric.resemblance * machine.metricNoise + Math.sqrt(1 - metric.resemblance ** 2) * draw.normal();
  return {
    release,
    tickMs: (index + 1) * BUCKET_MS,
    coveredMs: BUCKET_MS,
    wallMs: START_WALL_MS + (index + 1) * BUCKET_MS,
    front: simulateFront(requestsAMinute, shape, draw),
    beside: beside === undefined ? null : simulateFront(beside.requestsAMinute, beside.shape, draw),
    health: [draw.uniform() < (shape.flakes ?? 0) ? { verdict: "fail", because: "answered 503" } : { verdict: "pass", because: "answered 200" }],
    isServing: shape.isServing ?? true,
    restarts: shape.restarts === undefined ? 0 : draw.poisson(shape.restarts / BUCKETS_A_MINUTE),
    // A sawtooth of garbage and collection, and noise.
    residentBytes: shape.memoryMiB === undefined ? null : 1_048_576 * (shape.memoryMiB + 20 * ((index % 17) / 17) + 5 * draw.normal()),
    eventLoopDelayMs: shape.eventLoopMs === undefined ? null : Math.max(0, shape.eventLoopMs * Math.exp(0.5 * draw.normal())),
    heartbeatAgeMs: null,
    logErrors: shape.logErrors === undefined ? null : draw.poisson(shape.logErrors / BUCKETS_A_MINUTE),
    things: null,
    damage: null,
    metrics: metric === undefined ? {} : { metric: metric.mean + machine.metricNoise },
    silent: {},
  };
}

function simulateFront(requestsAMinute: number, { errorShare, latency }: VersionShape, draw: Draw): FrontCount {
  const requests = draw.poisson(requestsAMinute / BUCKETS_A_MINUTE);
  const sketch = emptySketch();
  if (latency !== undefined)
    for (let request = 0; request < requests; request += 1) addToSketch(sketch, latency.medianMs * Math.exp(latency.sigma * draw.normal()));
  return { requests, failed: draw.binomial(requests, errorShare), writes: 0, latency: sketch };
}
