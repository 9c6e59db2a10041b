/** What the tree itself says about how its tests are run. Hostile: nothing here is more than a hint where a report may be had. */
export interface RunnerFacts {
  /** Of its package.json, by name. */
  readonly scripts: Readonly<Record<string, string>>;
  /** Names of all packages that its package.json asks for. */
  readonly asked: ReadonlySet<string>;
  /** Mocha's own settings may name files to run beside those on the command line. */
  readonly hasMochaSettings: boolean;
  /** Vitest measures coverage only with a package of its own. */
  readonly hasVitestCoverage: boolean;
  readonly hasPytestCov: boolean;
}

export const NO_FACTS: RunnerFacts = { scripts: {}, asked: new Set(), hasMochaSettings: false, hasVitestCoverage: false, hasPytestCov: false };
