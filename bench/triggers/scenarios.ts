import type { Draw } from "./draw.ts";
import type { VersionShape } from "./simulate-bucket.ts";

/** A version under watch, as often as wanted with another seed. Times are ms since the watch began; before it they are negative. */
export interface Scenario {
  readonly name: string;
  /** What `--trigger` chooses by. */
  readonly trigger: string;
  readonly hours: number;
  readonly baselineHours: number;
  /** Requests a minute. */
  readonly traffic: (atMs: number) => number;
  /** The old version, which the new one is like until something is wrong with it. Called once a minute. */
  readonly well: (atMs: number, draw: Draw) => VersionShape;
  /** What is wrong with the new one, given how long it has been; undefined: nothing. */
  readonly wrong?: (shape: VersionShape, sinceMs: number) => VersionShape;
  /** Part of the requests that go to the old version beside it. */
  readonly beside?: number;
  /** What should come of it, and within what time of the fault. */
  readonly wants: "quiet" | "roll-back" | "pause";
  readonly withinMs?: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const WEB = { medianMs: 80, sigma: 0.5 };

/** Day and night, and in between minutes of ten times as many requests. */
const bursty = (atMs: number): number => {
  const hour = (((atMs / HOUR_MS) % 24) + 24) % 24;
  const day = 1 + 59 * Math.max(0, Math.sin(((hour - 6) / 24) * 2 * Math.PI));
  return Math.floor(atMs / MINUTE_MS) % 37 < 3 ? 10 * day : day;
};
const steady = (requestsAMinute: number) => () => requestsAMinute;
const failing = (errorShare: number) => () => ({ errorShare });

const quietErrors = (name: string, traffic: Scenario["traffic"], well: Scenario["well"] = failing(0.01)): Scenario => ({
  name,
  trigger: "error_rate_spike",
  hours: 72,
  baselineHours: 6,
  traffic,
  well,
  wants: "quiet",
});

const fault = (trigger: string, name: string, parts: Partial<Scenario> & Pick<Scenario, "wrong" | "wants">): Scenario => ({
  name,
  trigger,
  hours: 6,
  baselineHours: 6,
  traffic: steady(50),
  well: failing(0.01),
  ...parts,
});

/** One minute in fifty fails one request in four: 1 % on average, in swarms. */
const swarms = (_: number, draw: Draw): VersionShape => ({ errorShare: draw.uniform() < 0.02 ? 0.25 : 0.005 });

const everything = (_: number): VersionShape => ({
  errorShare: 0.01,
  latency: WEB,
  flakes: 0.01,
  memoryMiB: 200,
  eventLoopMs: 4,
  logErrors: 0.3,
  metric: { mean: 50, resemblance: 0.5 },
});

export const SCENARIOS: readonly Scenario[] = [
  ...[1, 10, 50, 200, 2_000, 10_000].map((perMinute) => quietErrors(`1 % failures, ${perMinute} requests a minute`, steady(perMinute))),
  quietErrors("1 % failures, day and night with bursts", bursty),
  quietErrors("1 % failures in swarms, 50 requests a minute", steady(50), swarms),
  quietErrors("5 % failures, 50 requests a minute", steady(50), failing(0.05)),
  quietErrors("30 % failures, as before, 50 requests a minute", steady(50), failing(0.3)),
  {
    ...quietErrors("half beside the old version, 1 % failures both, 200 requests a minute", steady(200)),
    beside: 0.5,
  },
  {
    ...quietErrors("well in every respect: 1 % failures, 1 % flakes, noise of all kinds, 50 requests a minute", steady(50), everything),
    trigger: "all",
  },
  ...[0.02, 0.05].map(
    (flakes): Scenario => ({
      ...quietErrors(`${flakes * 100} % flakes of the health checks`, steady(10), () => ({ errorShare: 0.01, flakes })),
      trigger: "health_check_failure",
    }),
  ),
  ...[10, 50, 500].map(
    (perMinute): Scenario => ({
      ...quietErrors(`latency as before, ${perMinute} requests a minute`, steady(perMinute), () => ({ errorShare: 0.01, latency: WEB })),
      trigger: "performance_degradation",
      hours: perMinute > 100 ? 24 : 72,
    }),
  ),
  ...[0, 0.5, 0.9].map(
    (resemblance): Scenario => ({
      ...quietErrors(`a metric without a shift, neighbouring seconds alike by ${resemblance}`, steady(1), () => ({
        errorShare: 0.01,
        metric: { mean: 50, resemblance },
      })),
      trigger: "metric_shift",
    }),
  ),
  { ...quietErrors("as many errors in the log as before", steady(1), () => ({ errorShare: 0.01, logErrors: 0.5 })), trigger: "log_errors" },
  {
    ...quietErrors("memory that levels off where the old version's did", steady(1), (atMs) => ({
      errorShare: 0.01,
      memoryMiB: atMs < 0 ? 200 : 200 - 100 * Math.exp(-atMs / (2 * HOUR_MS)),
    })),
    trigger: "memory_growth",
  },
  { ...quietErrors("an event loop as late as before", steady(1), () => ({ errorShare: 0.01, eventLoopMs: 8 })), trigger: "event_loop_growth" },

  fault("error_rate_spike", "30 % failures at 50 requests a minute", { wrong: () => ({ errorShare: 0.3 }), wants: "roll-back", withinMs: 2 * MINUTE_MS }),
  fault("error_rate_spike", "20 % failures at 50 requests a minute", { wrong: () => ({ errorShare: 0.2 }), wants: "roll-back" }),
  fault("error_rate_spike", "100 % failures at 1 request a minute", { traffic: steady(1), wrong: () => ({ errorShare: 0.99 }), wants: "roll-back" }),
  fault("error_rate_spike", "30 % failures at 10 requests a minute", { traffic: steady(10), wrong: () => ({ errorShare: 0.3 }), wants: "roll-back" }),
  fault("error_rate_spike", "30 % failures at 2,000 requests a minute", { traffic: steady(2_000), wrong: () => ({ errorShare: 0.3 }), wants: "roll-back" }),
  fault("error_rate_spike", "5 % failures, half beside the old version, 200 requests a minute", {
    traffic: steady(200),
    beside: 0.5,
    wrong: () => ({ errorShare: 0.05 }),
    wants: "roll-back",
  }),
  fault("error_rate_spike", "5 % failures at 50 requests a minute: less than is allowed", { wrong: () => ({ errorShare: 0.05 }), wants: "pause" }),
  ...[50, 500].map((perMinute) =>
    fault("performance_degradation", `twice the latency at ${perMinute} requests a minute`, {
      traffic: steady(perMinute),
      well: () => ({ errorShare: 0.01, latency: WEB }),
      wrong: (shape) => ({ ...shape, latency: { ...WEB, medianMs: 160 } }),
      wants: "pause",
      ...(perMinute === 500 && { withinMs: 5 * MINUTE_MS }),
    }),
  ),
  fault("performance_degradation", "five times the latency at 50 requests a minute", {
    well: () => ({ errorShare: 0.01, latency: WEB }),
    wrong: (shape) => ({ ...shape, latency: { ...WEB, medianMs: 400 } }),
    wants: "roll-back",
    withinMs: 5 * MINUTE_MS,
  }),
  fault("performance_degradation", "twice the latency, half beside the old version, 200 requests a minute", {
    traffic: steady(200),
    beside: 0.5,
    well: () => ({ errorShare: 0.01, latency: WEB }),
    wrong: (shape) => ({ ...shape, latency: { ...WEB, medianMs: 160 } }),
    wants: "roll-back",
  }),
  fault("health_check_failure", "unhealthy always", { wrong: () => ({ errorShare: 0.01, flakes: 1 }), wants: "roll-back", withinMs: MINUTE_MS }),
  fault("health_check_failure", "unhealthy two times in three", { wrong: () => ({ errorShare: 0.01, flakes: 0.67 }), wants: "roll-back" }),
  fault("service_unavailable", "not serving", { wrong: () => ({ errorShare: 0.01, isServing: false }), wants: "roll-back", withinMs: MINUTE_MS / 2 }),
  fault("crash_loop", "ends by itself every two minutes", { wrong: () => ({ errorShare: 0.01, restarts: 0.5 }), wants: "roll-back" }),
  fault("memory_growth", "a leak of 2 MiB a minute, 200 MiB before", {
    well: () => ({ errorShare: 0.01, memoryMiB: 200 }),
    wrong: (shape, sinceMs) => ({ ...shape, memoryMiB: 200 + 2 * (sinceMs / MINUTE_MS) }),
    wants: "pause",
  }),
  fault("event_loop_growth", "an event loop that gets 1 ms later every five minutes", {
    well: () => ({ errorShare: 0.01, eventLoopMs: 4 }),
    wrong: (shape, sinceMs) => ({ ...shape, eventLoopMs: 4 + sinceMs / MINUTE_MS / 5 }),
    wants: "pause",
  }),
  fault("metric_shift", "a metric one deviation of its minutes higher", {
    well: () => ({ errorShare: 0.01, metric: { mean: 50, resemblance: 0 } }),
    wrong: (shape) => ({ ...shape, metric: { mean: 50 + 1 / Math.sqrt(12), resemblance: 0 } }),
    wants: "pause",
  }),
  fault("log_errors", "ten times the errors in the log", {
    well: () => ({ errorShare: 0.01, logErrors: 0.3 }),
    wrong: () => ({ errorShare: 0.01, logErrors: 3 }),
    wants: "pause",
  }),
];
