/** In what a program ran: bare is a plain child process of the bench. */
export const WAYS = ["bare", "none", "bubblewrap", "sandbox-runtime"] as const;
export type Way = (typeof WAYS)[number];

/** Milliseconds from before the program was asked for. */
export interface Started {
  readonly firstOutputMs: number;
  readonly endMs: number;
}

/** What was measured, of each way that there is here; a reason where there is none. */
export interface SandboxSamples {
  readonly starts: Readonly<Record<"sh" | "node", ByWay<readonly Started[]>>>;
  /** Each request's time in milliseconds. */
  readonly calls: ByWay<readonly number[]>;
  /** Whole runs in milliseconds, the same number of them everywhere; neighbours in time have the same index. */
  readonly suites: Readonly<Record<"own" | "real", ByWay<readonly number[]>>>;
  /** Of the suite that the bench writes itself. */
  readonly tests: number;
}

export type ByWay<Value> = Readonly<Record<Way, Value | string>>;
