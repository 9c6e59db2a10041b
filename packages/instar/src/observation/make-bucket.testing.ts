import { addToSketch, emptySketch, type LatencySketch } from "../statistics/latency-sketch.ts";
import { BUCKET_MS, type FrontCount, type MetricsBucket } from "./metrics-bucket.ts";
import type { ObservationBaseline } from "./observation-baseline.ts";
import type { ObservationLimits } from "./observation-limits.ts";

/** A span of a version that is well and that nobody asked anything. */
export function makeBucket(index: number, parts: Partial<MetricsBucket> = {}): MetricsBucket {
  return {
    release: "new",
    tickMs: (index + 1) * BUCKET_MS,
    coveredMs: BUCKET_MS,
    wallMs: 1_800_000_000_000 + (index + 1) * BUCKET_MS,
    front: makeFront(0, 0),
    beside: null,
    health: [{ verdict: "pass", because: "GET /health answered 200" }],
    isServing: true,
    restarts: 0,
    residentBytes: null,
    eventLoopDelayMs: null,
    heartbeatAgeMs: null,
    logErrors: null,
    things: null,
    damage: null,
    metrics: {},
    silent: {},
    ...parts,
  };
}

export function makeFront(requests: number, failed: number, latenciesMs: readonly number[] = []): FrontCount {
  const latency: LatencySketch = emptySketch();
  for (const value of latenciesMs) addToSketch(latency, value);
  return { requests, failed, writes: 0, latency };
}

export const HOUR_MS = 3_600_000;

export function makeLimits(parts: Partial<ObservationLimits> = {}): ObservationLimits {
  return {
    release: "new",
    risk: "medium",
    windowMs: HOUR_MS,
    maxMs: 2 * HOUR_MS,
    requests: 200,
    errorShare: 0.1,
    slowdown: 1.5,
    heartbeatWithinMs: null,
    onUnverified: "hold",
    ...parts,
  };
}

/** An old version of which six hours were seen, in which one request in a hundred failed. */
export function makeBaseline(parts: Partial<ObservationBaseline> = {}): ObservationBaseline {
  return {
    coveredMs: 6 * HOUR_MS,
    errors: { requests: 18_000, failed: 180, atLeast: 0.0088, atMost: 0.0119, dispersion: 1 },
    latency: { requests: 18_000, p50Ms: 40, p95Ms: 200 },
    hours: {},
    residentBytes: 200 * 1_048_576,
    eventLoopDelayMs: 5,
    health: { probes: 4_320, failed: 0 },
    restarts: 0,
    hasHeartbeat: false,
    things: {},
    logErrors: null,
    metrics: {},
    silent: [],
    ...parts,
  };
}
