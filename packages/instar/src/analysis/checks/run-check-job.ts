import { constants } from "node:fs";
import { mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import type { CheckName, CheckResult } from "@instar/protocol";
import { writeFileDurably } from "../../platform/durable-files.ts";
import type { JobResult, RunJob } from "../../platform/run-job.ts";
import { compareFindings, type Found, judgeCheck, sayUnasked } from "./compare-findings.ts";
import { parseStyleOutput } from "./parse-style-output.ts";
import { parseTscOutput } from "./parse-tsc-output.ts";
import type { PlannedStyle } from "./plan-style-check.ts";
import type { PlannedCheck } from "./plan-types-check.ts";

/** One version to ask, with the plan that was made for it. */
export interface CheckedTree {
  /** Absolute: a copy that may be thrown away; the tool is not trusted and runs there. */
  readonly tree: string;
  readonly planned: PlannedCheck | PlannedStyle;
  /** The folder that the plan was made with, and where the log of the run goes. Of this run alone; made here, removed by the caller. */
  readonly scratch: string;
  /** The text of a line, where the caller knows it: findings are known again by it. */
  readonly lineOf?: (path: string, line: number) => string | undefined;
}

export interface CheckJobQuestion {
  readonly check: Extract<CheckName, "types" | "style">;
  /** null for the first version. */
  readonly before: CheckedTree | null;
  readonly after: CheckedTree;
  /** new path → path before */
  readonly renames: ReadonlyMap<string, string>;
}

export interface CheckJobs {
  readonly runJob: RunJob;
  /** All that the tool gets. */
  readonly environment: Readonly<Record<string, string>>;
  /** For each of the two versions. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** What a tool may say. More is cut in the middle of a log, and refused in a report. */
const REPORT_BYTES = 16 * 1_048_576;

type Answer =
  | { readonly kind: "found"; readonly found: readonly Found[]; readonly unasked: string | null }
  | { readonly kind: "nodata" | "error"; readonly because: string };

/**
 * Asks a tool of the candidate's about both versions and tells what is new. A tool that is not there is `nodata`; one that does not end, or
 * ends without an answer, is `error`; where only the version before gave no answer, findings are `inconclusive`: nobody can tell whose they are.
 */
export async function runCheckJob(jobs: CheckJobs, { check, before, after, renames }: CheckJobQuestion): Promise<CheckResult> {
  const tool = after.planned.kind === "run" ? after.planned.tool : "none";
  const fresh = await askTool(jobs, check, after);
  if (fresh.kind !== "found") return sayUnasked(check, tool, fresh.kind, fresh.because);
  const old = before === null ? null : await askTool(jobs, check, before);
  if (old !== null && old.kind !== "found") {
    const findings = compareFindings(fresh.found, fresh.found);
    const because = `the version before gave no answer (${old.because}): what is new cannot be told`;
    const judged = judgeCheck({ check, tool, before: null, findings, unasked: fresh.unasked });
    return fresh.found.some(({ severity }) => severity !== "note") ? { ...judged, verdict: "inconclusive", because } : judged;
  }
  const findings = compareFindings(old?.found ?? null, fresh.found, renames);
  return judgeCheck({ check, tool, before: old?.found.length ?? null, findings, unasked: fresh.unasked });
}

async function askTool(jobs: CheckJobs, check: CheckName, { tree, planned, scratch, lineOf }: CheckedTree): Promise<Answer> {
  if (planned.kind === "nodata") return planned;
  const logPath = join(scratch, "log");
  await mkdir(scratch, { recursive: true, mode: 0o700 });
  if ("settings" in planned && planned.settings !== null) await writeFileDurably(planned.settings.path, planned.settings.text, 0o600);
  const result = await jobs.runJob({
    argv: planned.argv,
    cwd: tree,
    environment: jobs.environment,
    timeoutMs: jobs.timeoutMs,
    logPath,
    title: check,
    logLimitBytes: REPORT_BYTES,
    ...(jobs.signal === undefined ? {} : { signal: jobs.signal }),
  });
  if (result.kind !== "exited") return sayEnd(planned.tool, result);
  const report = "report" in planned ? planned.report : null;
  // The log holds a title and a line of its own where something was left out.
  const text = await readReport(report ?? logPath, report === null ? REPORT_BYTES * 2 : REPORT_BYTES);
  if (text === undefined) return { kind: "error", because: `${planned.tool} ended with status ${result.status} and left no report that can be read` };
  const answer = readAnswer(planned, report === null ? text.slice(text.indexOf("\n") + 1) : text, tree, result.status);
  return answer.kind === "found" && lineOf !== undefined ? { ...answer, found: answer.found.map((one) => withSource(one, lineOf)) } : answer;
}

/** 0: nothing, 1 and 2: something was found. Anything else, and finding something without saying what, is no answer. */
function readAnswer(planned: Extract<CheckedTree["planned"], { kind: "run" }>, text: string, tree: string, status: number): Answer {
  const silent: Answer = { kind: "error", because: `${planned.tool} ended with status ${status} and named nothing in the tree` };
  if ("format" in planned) {
    if (status > 1) return { kind: "error", because: `${planned.tool} ended with status ${status}` };
    const report = parseStyleOutput(planned.format, text, tree);
    if (report.kind === "broken") return { kind: "error", because: `${planned.tool}: ${report.because}` };
    if (status !== 0 && report.found.length === 0) return silent;
    return { kind: "found", found: report.found, unasked: planned.leftOut > 0 ? `${planned.leftOut} changed files were too many for one call` : null };
  }
  const { found, obstacle } = parseTscOutput(text, tree);
  if (status > 2) return { kind: "error", because: `${planned.tool} ended with status ${status}` };
  if (status !== 0 && found.length === 0) return silent;
  const isCut = /^== \d+ bytes left out here ==$/m.test(text);
  return { kind: "found", found, unasked: isCut ? "it said more than is read" : obstacle === null ? null : `not all of it was checked: ${obstacle}` };
}

function sayEnd(tool: string, result: Exclude<JobResult, { kind: "exited" }>): Answer {
  switch (result.kind) {
    case "timed-out":
      return { kind: "error", because: `${tool} did not end within ${Math.round(result.afterMs / 1_000)} s` };
    case "signalled":
      return { kind: "error", because: `${tool} was ended by ${result.signal}` };
    case "stopped":
      return { kind: "error", because: `${tool} was stopped` };
    case "not-started":
      return { kind: "nodata", because: result.because };
  }
}

/** The tool may have put anything in the place of its report: no link is followed, no pipe waited for. */
async function readReport(path: string, limitBytes: number): Promise<string | undefined> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const { size } = await file.stat();
      return !(await file.stat()).isFile() || size > limitBytes ? undefined : await file.readFile("utf8");
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}

function withSource(found: Found, lineOf: NonNullable<CheckedTree["lineOf"]>): Found {
  const source = found.line === null ? undefined : lineOf(found.path, found.line);
  return source === undefined ? found : { ...found, source: source.slice(0, 2_000) };
}
