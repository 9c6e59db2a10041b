export interface SandboxBenchPlan {
  /** Starts of a trivial program, one after the other in each sandbox. */
  readonly starts: number;
  /** Requests on a connection that stays, after as many that do not count. */
  readonly calls: number;
  /** Runs of each suite. */
  readonly suites: number;
  readonly files: number;
  readonly testsInFile: number;
}

/** @param quick the same rows in under a minute, each from fewer runs */
export const planSandboxBench = (quick: boolean): SandboxBenchPlan =>
  quick ? { starts: 5, calls: 300, suites: 1, files: 5, testsInFile: 40 } : { starts: 40, calls: 3_000, suites: 9, files: 8, testsInFile: 60 };
