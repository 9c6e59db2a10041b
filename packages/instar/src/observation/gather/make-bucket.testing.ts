import type { MetricsBucket } from "../metrics-bucket.ts";

/** A bucket in which nothing was seen, but for what a test says. */
export const makeBucket = (parts: Partial<MetricsBucket>): MetricsBucket => ({
  release: "r",
  tickMs: 1,
  coveredMs: 5_000,
  wallMs: 0,
  front: null,
  beside: null,
  health: [],
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
});
