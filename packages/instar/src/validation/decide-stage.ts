import type { StageResult, Verdict } from "@instar/protocol";
import type { RunDecision } from "./decide-run.ts";
import type { SeenTest } from "./reports/test-report.ts";

/** Everything that the runs of a stage's tests have shown. */
export interface TestsSeen {
  /** Of the run that counts: the first over the whole, or the quick one where it ended the stage. */
  readonly run: RunDecision;
  /** A run over the tests that the change reaches, which failed: the others were not run. */
  readonly isQuick: boolean;
  /** Runs that followed a failure; the last one's verdict settles it. */
  readonly again: readonly RunDecision[];
  readonly stillFailing: readonly SeenTest[];
  readonly flaky: readonly SeenTest[];
  readonly wanted: { readonly coverage: number | undefined; readonly flaky: "reported" | "refused" };
  /** Percent of lines; null where nothing was measured, and then why. */
  readonly coverage: { readonly percent: number; readonly from: string } | { readonly percent: null; readonly because: string };
}

export type TestsDecision = Pick<StageResult, "verdict" | "because" | "counts" | "coverage" | "failing" | "flaky">;

const MOST_NAMES = 50;
const REFUSED = "flaky tests are refused (flaky: refused)";

/** What a stage's tests say, all runs together. Flaky tests are always named, whatever is then made of them. */
export function decideStage(seen: TestsSeen): TestsDecision {
  const { verdict, because } = decideCoverage(decideFlaky(seen), seen);
  return {
    verdict,
    because,
    counts: seen.run.counts,
    coverage: seen.coverage.percent === null ? null : Math.round(seen.coverage.percent * 100) / 100,
    failing: nameTests(verdict === "pass" ? [] : seen.again.length === 0 ? seen.run.failing : seen.stillFailing),
    flaky: nameTests(seen.flaky),
  };
}

interface Decided {
  readonly verdict: Verdict;
  readonly because: string;
}

function decideFlaky({ run, isQuick, again, stillFailing, flaky, wanted }: TestsSeen): Decided {
  const where = isQuick ? "of the tests that the change reaches, run first: " : "";
  const last = again.at(-1);
  if (last === undefined) {
    const told = `${where}${run.because}${flaky.length === 0 ? "" : `; flaky: ${sayNames(flaky)} failed and then passed`}`;
    if (run.verdict === "pass" && flaky.length > 0 && wanted.flaky === "refused") return { verdict: "fail", because: `${told}; ${REFUSED}` };
    return { verdict: run.verdict, because: told };
  }
  const runs = again.length === 1 ? "run again" : `run again ${again.length} times`;
  const names = flaky.length === 0 ? "" : `; flaky: ${sayNames(flaky)} failed and then passed`;
  if (stillFailing.length > 0) return { verdict: "fail", because: `${where}${run.because}; ${runs}, ${stillFailing.length} still failed${names}` };
  if (last.verdict !== "pass") return { verdict: "fail", because: `${where}${run.because}; ${runs}: ${last.because}${names}` };
  const told = `${where}${flaky.length === 1 ? "a test is" : `${flaky.length} tests are`} flaky: ${sayNames(flaky)} failed and, ${runs}, passed`;
  if (wanted.flaky === "refused") return { verdict: "fail", because: `${told}; ${REFUSED}` };
  const { counts } = run;
  return { verdict: "pass", because: counts === null ? told : `${told}; ${counts.passed} of ${counts.total} tests passed at once` };
}

function decideCoverage(decided: Decided, { wanted, coverage }: TestsSeen): Decided {
  if (decided.verdict !== "pass" || wanted.coverage === undefined) return decided;
  if (coverage.percent === null)
    return { verdict: "nodata", because: `${decided.because}; ${wanted.coverage} % of lines must be covered, and that was not measured: ${coverage.because}` };
  const percent = `${Math.round(coverage.percent * 10) / 10} % of lines are covered (${coverage.from})`;
  if (coverage.percent < wanted.coverage) return { verdict: "fail", because: `${decided.because}; ${percent}, and ${wanted.coverage} % must be` };
  return { verdict: "pass", because: `${decided.because}; ${percent}` };
}

function sayNames(tests: readonly SeenTest[]): string {
  const names = tests.slice(0, 3).map(({ name }) => JSON.stringify(name.slice(0, 100)));
  return `${names.join(", ")}${tests.length > 3 ? ` and ${tests.length - 3} more` : ""}`;
}

const nameTests = (tests: readonly SeenTest[]) => tests.slice(0, MOST_NAMES).map(({ name }) => name);
