import type { TestCounts } from "@instar/protocol";

/** What a runner's own report says of one test. */
export interface SeenTest {
  readonly name: string;
  /** As the report writes it: absolute, or from the folder that the tests ran in; null where it says none. */
  readonly file: string | null;
  readonly outcome: "passed" | "failed" | "skipped";
  /** It is no test: a file that could not be loaded, a hook, a suite. Only its failure is told. */
  readonly isGroup?: true;
}

export interface TestReport {
  readonly tests: readonly SeenTest[];
  /** Percent of lines, where the report itself tells; else null. */
  readonly coverage: number | null;
}

export type ParsedReport = { readonly kind: "report"; readonly report: TestReport } | { readonly kind: "broken"; readonly because: string };

/** A report with more tests is not somebody's work but an attack on whoever reads it. */
export const MOST_TESTS = 200_000;
const NAME_LENGTH = 300;

export function brokenReport(because: string): ParsedReport {
  return { kind: "broken", because };
}

/** A report of these tests; names are cut to what a person reads. */
export function wholeReport(tests: readonly SeenTest[], coverage: number | null = null): ParsedReport {
  if (tests.length > MOST_TESTS) return brokenReport(`it names more than ${MOST_TESTS} tests`);
  return { kind: "report", report: { tests: tests.map((test) => ({ ...test, name: cutName(test.name) })), coverage } };
}

/** Tests only: a file that could not be loaded is among the failures and not among the tests. */
export function countTests(tests: readonly SeenTest[]): TestCounts {
  const real = tests.filter(({ isGroup }) => isGroup !== true);
  const count = (outcome: SeenTest["outcome"]) => real.filter((test) => test.outcome === outcome).length;
  return { total: real.length, passed: count("passed"), failed: count("failed"), skipped: count("skipped") };
}

function cutName(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: names are shown on terminals, and this is what they may not hold
  const clean = name.replaceAll(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]+/g, " ").trim();
  return clean.length > NAME_LENGTH ? `${clean.slice(0, NAME_LENGTH)}…` : clean === "" ? "(no name)" : clean;
}
