/** What the old version was like, in few numbers: plain JSON, recorded once before the exchange. Null and empty mean: not known. */
export interface ObservationBaseline {
  /** How much of it was seen, instance time. */
  readonly coveredMs: number;
  /** Of the last hours before the exchange, or of the like hours of earlier days where there are enough. */
  readonly errors: ErrorBaseline | null;
  readonly latency: LatencyBaseline | null;
  /** Of the hour of the day (0 to 23, UTC) where earlier days tell enough of it; else the above hold. */
  readonly hours: Readonly<Record<string, HourBaseline>>;
  /** The most that it took, and how late its event loop ran at worst, both as means of a minute. */
  readonly residentBytes: number | null;
  readonly eventLoopDelayMs: number | null;
  readonly health: { readonly probes: number; readonly failed: number };
  readonly restarts: number;
  readonly hasHeartbeat: boolean;
  /** By the things' name: what it had when it was last asked. */
  readonly things: Readonly<Record<string, readonly string[]>>;
  /** Lines that tell of an error, a minute. */
  readonly logErrors: ShiftBaseline | null;
  readonly metrics: Readonly<Record<string, ShiftBaseline>>;
  /** Sources that were silent most of the time already: the new version is not blamed for them. */
  readonly silent: readonly string[];
}

export interface ErrorBaseline {
  readonly requests: number;
  readonly failed: number;
  /** Bounds of the share (Clopper-Pearson, one-sided): it is surely at least this at 95 %, and at most that at 99 %. */
  readonly atLeast: number;
  readonly atMost: number;
  /** Variance of the failures a minute over that of independent ones: above 1 where they come in swarms. */
  readonly dispersion: number;
}

/** Upper bounds (95 %) of the quantiles: a new version is compared with what the old one may have been at worst. */
export interface LatencyBaseline {
  readonly requests: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
}

export interface HourBaseline {
  readonly errors: ErrorBaseline;
  readonly latency: LatencyBaseline | null;
}

/** How values a minute are spread: what a shift is measured by. */
export interface ShiftBaseline {
  readonly minutes: number;
  readonly median: number;
  /** Robust standard deviation; made wider where neighbouring minutes resemble each other. 0 where it never changed. */
  readonly deviation: number;
}
