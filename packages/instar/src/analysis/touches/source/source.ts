/** What the finders need to know of a text, the same for every language. Lines count from 1. */
export interface Source {
  readonly language: "program" | "python" | "other";
  /** Why it was read by its lines alone; null where it was understood, and for languages that are always read so. */
  readonly unparsed: string | null;
  /** Trimmed, runs of blanks made one. */
  readonly lines: readonly string[];
  /** The same lines without comments and without the insides of strings, where those are known. */
  readonly code: readonly string[];
  /** The same lines without comments and regular expressions: strings stand. */
  readonly values: readonly string[];
  readonly comments: readonly Placed[];
  readonly strings: readonly Placed[];
  /** Modules, as they are named. */
  readonly imports: readonly Placed[];
  /** Environment variables that are read; `*` for all of them. */
  readonly environment: readonly Placed[];
  /** What stands before a handler: `app.post("/x", requireAuth, …)`. */
  readonly guards: readonly Guard[];
  readonly outline: TestOutline;
}

export interface Placed {
  readonly text: string;
  readonly line: number;
}

export interface Guard extends Placed {
  /** What it guards: `app.post /x`, a function, a class. */
  readonly route: string;
}

/** The tests of a file, whatever runs them. */
export interface TestOutline {
  /** Suites and cases, in order. */
  readonly tests: readonly OutlinedTest[];
  /** Assertions that stand outside of every test: helpers, set-up. */
  readonly elsewhere: readonly Assertion[];
  /** `.only`: everything else is skipped. */
  readonly only: readonly Placed[];
  /** Modules that are replaced by doubles. */
  readonly mocks: readonly Placed[];
  /** What makes a failing test pass more easily, with its number. */
  readonly leniencies: readonly (Placed & { readonly amount: number })[];
  /** Where a process is ended, with the code of success. */
  readonly exits: readonly Placed[];
  /** Where what asserts or runs tests is itself replaced. */
  readonly overrides: readonly Placed[];
}

export interface OutlinedTest {
  /** Titles from the outside in. */
  readonly title: string;
  readonly line: number;
  readonly isSuite: boolean;
  /** How it is skipped: `it.skip`; null where it runs. */
  readonly skippedBy: string | null;
  /** Rows of the table it runs over, where it has one. */
  readonly rows: number;
  /** Of this test alone, without those of tests inside it. */
  readonly assertions: readonly Assertion[];
}

export interface Assertion extends Placed {
  /** How much it asks: 2 an exact value, 1 some property of it, 0 hardly anything. */
  readonly strictness: 0 | 1 | 2;
  /** It cannot fail. */
  readonly isTrivial: boolean;
  /** Its failure is caught and goes nowhere. */
  readonly isSwallowed: boolean;
  /** It runs only on a condition. */
  readonly isConditional: boolean;
  /** It stands behind a `return`. */
  readonly isDead: boolean;
}

export const NO_TESTS: TestOutline = { tests: [], elsewhere: [], only: [], mocks: [], leniencies: [], exits: [], overrides: [] };
