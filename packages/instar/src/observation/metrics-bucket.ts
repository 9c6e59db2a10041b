import type { Verdict } from "@instar/protocol";
import type { LatencySketch } from "../statistics/latency-sketch.ts";

/** How long a bucket is, in instance time. Short enough that a flood of errors is seen within one. */
export const BUCKET_MS = 5_000;

/** What the front counted for one version in a span. */
export interface FrontCount {
  readonly requests: number;
  /** Of those: answers of 500 to 599, and connections that broke. */
  readonly failed: number;
  readonly writes: number;
  readonly latency: LatencySketch;
}

/**
 * What was seen of one version in a span of a few seconds. Recorded once and never changed: baselines and verdicts are computed from these and from
 * nothing else, so that anybody can compute them again. `null` means that nobody could tell or nobody asks, which is never the same as zero.
 */
export interface MetricsBucket {
  readonly release: string;
  /** Instance time at its end, ms. A span in which no daemon was there has no bucket. */
  readonly tickMs: number;
  /** How much of the span a daemon was there to see, ms; at most a little more than BUCKET_MS. */
  readonly coveredMs: number;
  /** Wall time at its end, ms: only to compare like times of the day, and for people. Clocks jump. */
  readonly wallMs: number;
  /** Null where the agent has no front, or the keeper could not be asked. */
  readonly front: FrontCount | null;
  /** The version beside it in the same span, where a share of the callers meets each (a trial): the best baseline there is. */
  readonly beside: FrontCount | null;
  /** The health checks that ended in the span, in order. */
  readonly health: readonly { readonly verdict: Verdict; readonly because: string }[];
  /** Whether its process lives and requests can reach it; null where the keeper could not be asked. */
  readonly isServing: boolean | null;
  /** How often it ended by itself in the span. */
  readonly restarts: number;
  readonly residentBytes: number | null;
  /** How late its event loop runs (or, where it tells nothing of that, null), ms. */
  readonly eventLoopDelayMs: number | null;
  /** Age of its heartbeat at the end, ms; null where it has none. */
  readonly heartbeatAgeMs: number | null;
  /** Lines of its output that tell of an error; null where the log could not be read. */
  readonly logErrors: number | null;
  /** Names of the configured things that it has (plugins, jobs, channels), by the things' name; null where they were not asked in the span. */
  readonly things: Readonly<Record<string, readonly string[]>> | null;
  /** What about its files is not as it was sealed; null where all is. */
  readonly damage: string | null;
  /** The operator's own metrics, by name: gauges as they were, counters as what came in the span. Never NaN or infinite. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Sources that should have answered in the span and did not, each with why: metrics that stop, run backward or are not numbers. */
  readonly silent: Readonly<Record<string, string>>;
}
