import type { TestCounts, TestRunner, Verdict } from "@instar/protocol";
import { countTests, type SeenTest, type TestReport } from "./reports/test-report.ts";
import type { StageJobResult } from "./stage-job.ts";

/** How a run is understood: by a runner's own report; by its exit status, because the operator says so; or not at all. */
export type UnderstoodBy =
  | { readonly kind: "report"; readonly runner: TestRunner; readonly isCertain: boolean }
  | { readonly kind: "exit-status" }
  /** `because` says why its runner is not known. */
  | { readonly kind: "unknown"; readonly because: string };

export type FoundReport =
  | { readonly kind: "read"; readonly report: TestReport }
  | { readonly kind: "missing" | "broken"; readonly because: string }
  | { readonly kind: "not-asked" };

export interface TestRun {
  readonly understoodBy: UnderstoodBy;
  readonly end: StageJobResult;
  readonly found: FoundReport;
  /** A line of its output that says how many tests ran; undefined where none does. */
  readonly claim: string | undefined;
  readonly withinMs: number;
  /** What is made of a run that passes and leaves processes behind. */
  readonly leftBehind: "refused" | "reported";
}

export interface RunDecision {
  readonly verdict: Verdict;
  readonly because: string;
  readonly counts: TestCounts | null;
  readonly failing: readonly SeenTest[];
}

/**
 * What one run of tests says. It passes only where its exit status and its runner's own report agree: a report that is missing or cut off,
 * a clean exit over failures, no tests at all, or totals that are only printed never pass.
 */
export function decideRun(run: TestRun): RunDecision {
  const { end, found } = run;
  const report = found.kind === "read" ? found.report : undefined;
  const seen = { counts: report === undefined ? null : countTests(report.tests), failing: report?.tests.filter(({ outcome }) => outcome === "failed") ?? [] };
  const decided = end.kind === "exited" && end.exceeded === undefined ? decideExit(run, end.status, seen) : decideCutShort(end, run.withinMs);
  if (decided.verdict === "pass" && end.leftBehind > 0 && run.leftBehind === "refused")
    return {
      ...seen,
      verdict: "fail",
      because: `${decided.because}, and left ${count(end.leftBehind, "process", "processes")} behind, which ${end.leftBehind === 1 ? "was" : "were"} ended: what they did is not known (leftBehind: reported lets it pass)`,
    };
  const left =
    end.leftBehind === 0 ? "" : `; ${count(end.leftBehind, "process", "processes")} that it left behind ${end.leftBehind === 1 ? "was" : "were"} ended`;
  return { ...seen, ...decided, because: `${decided.because}${left}` };
}

interface Decided {
  readonly verdict: Verdict;
  readonly because: string;
}

function decideCutShort(end: StageJobResult, withinMs: number): Decided {
  if (end.exceeded !== undefined) return { verdict: "fail", because: `it went beyond a limit and was ended: ${end.exceeded}` };
  switch (end.kind) {
    case "exited":
      return { verdict: "error", because: `it ended with ${end.status}` };
    case "signalled":
      return { verdict: "fail", because: `it was ended by ${end.signal}${sayLastWords(end.tail)}` };
    case "timed-out":
      return { verdict: "fail", because: `it did not end within ${Math.round(withinMs / 1_000)} s and was ended with everything it had started` };
    case "stopped":
      return { verdict: "nodata", because: "it was stopped before it ended" };
    case "not-started":
      return { verdict: "error", because: `it could not be started: ${end.because}` };
  }
}

interface Seen {
  readonly counts: TestCounts | null;
  readonly failing: readonly SeenTest[];
}

function decideExit(run: TestRun, status: number, { counts, failing }: Seen): Decided {
  const took = `in ${Math.round(run.end.durationMs / 100) / 10} s`;
  if (counts !== null) return decideReported(run, status, counts, failing, took);
  const { understoodBy, found } = run;
  const failed: Decided = { verdict: "fail", because: `it exited with ${status}${sayLastWords(run.end.tail)}` };
  if (understoodBy.kind === "exit-status")
    return status === 0 ? { verdict: "pass", because: `it ended with status 0 ${took}; nothing else is looked at (runner: exit-status)` } : failed;
  if (understoodBy.kind === "report" && (understoodBy.isCertain || found.kind === "broken")) {
    const gap = `its own report (${understoodBy.runner}) ${found.kind === "broken" ? "cannot be read" : "is missing"}${"because" in found ? `: ${found.because}` : ""}`;
    return status === 0 ? { verdict: "error", because: `it ended with status 0, but ${gap}` } : { verdict: "fail", because: `${failed.because}; ${gap}` };
  }
  if (status !== 0) return failed;
  const why = understoodBy.kind === "unknown" ? understoodBy.because : `no report of ${understoodBy.runner} came`;
  if (run.claim !== undefined)
    return {
      verdict: "inconclusive",
      because: `it ended with status 0 and prints ${JSON.stringify(run.claim)}, which no report confirms (${why}); name its runner, its report file, or runner: exit-status`,
    };
  return { verdict: "pass", because: `it ended with status 0 ${took}; how many tests ran is not known (${why})` };
}

function decideReported(run: TestRun, status: number, counts: TestCounts, failing: readonly SeenTest[], took: string): Decided {
  if (failing.length > 0)
    return {
      verdict: "fail",
      because: `${status === 0 ? "it ended with status 0, but its report says that " : ""}${sayFailing(counts, failing)}`,
    };
  if (status !== 0)
    return {
      verdict: "fail",
      because: `it exited with ${status}, and ${counts.total === 0 ? "no test ran" : `its report names no failure among ${count(counts.total, "test", "tests")}`}${sayLastWords(run.end.tail)}`,
    };
  if (counts.total === 0) return { verdict: "nodata", because: "no test ran: that is not a pass" };
  if (counts.passed === 0)
    return { verdict: "nodata", because: `${counts.total === 1 ? "the only test was" : `all ${counts.total} tests were`} skipped: that is not a pass` };
  return { verdict: "pass", because: `${count(counts.passed, "test", "tests")} passed ${took}${counts.skipped === 0 ? "" : `, ${counts.skipped} skipped`}` };
}

/** Of how many, and the first three by name. */
function sayFailing(counts: TestCounts, failing: readonly SeenTest[]): string {
  const names = failing.slice(0, 3).map(({ name }) => JSON.stringify(name.slice(0, 100)));
  const more = failing.length > 3 ? `, and ${failing.length - 3} more` : "";
  const groups = failing.filter(({ isGroup }) => isGroup === true).length;
  const failed = [
    ...(counts.failed > 0 ? [`${counts.failed} of ${count(counts.total, "test", "tests")} failed`] : []),
    ...(groups > 0 ? [`${count(groups, "file or hook", "files or hooks")} failed`] : []),
  ];
  return `${failed.join(" and ")}: ${names.join(", ")}${more}`;
}

const count = (number: number, one: string, many: string) => `${number} ${number === 1 ? one : many}`;

/** The lines that say what went wrong, where there are such; else the last ones. For people: nothing is decided by them. */
function sayLastWords(tail: string): string {
  const lines = tail.split("\n").flatMap((line) => (line.trim() === "" ? [] : [line.trim()]));
  const telling = lines.filter((line) => /^(not ok|✖|✗|×|FAIL(ED)?\b|ERROR\b|\w*Error\b)/.test(line));
  const words = (telling.length > 0 ? telling.slice(0, 3) : lines.slice(-3)).join(" | ").slice(0, 400);
  return words === "" ? "" : `: ${words}`;
}
