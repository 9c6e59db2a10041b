import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { StageResult } from "@instar/protocol";
import type { Clock } from "../platform/clock.ts";
import { makePrivateFolder, writeFileDurably } from "../platform/durable-files.ts";
import { type CommandValues, planCommand } from "../settings/plan-command.ts";
import { type FoundCoverage, readCoverage, removeOldCoverage } from "./coverage/read-coverage.ts";
import { decideAgain } from "./decide-again.ts";
import { decideRun, type FoundReport, type RunDecision } from "./decide-run.ts";
import { decideStage } from "./decide-stage.ts";
import { removeInside } from "./remove-inside.ts";
import { findClaim } from "./reports/find-claim.ts";
import { readReport } from "./reports/read-report.ts";
import { createTapReader } from "./reports/tap-reader.ts";
import type { SeenTest } from "./reports/test-report.ts";
import { planFileArguments } from "./runners/can-select-files.ts";
import { appendToCommand } from "./runners/edit-command.ts";
import { type PlannedRun, planRun } from "./runners/plan-run.ts";
import { readRunnerFacts } from "./runners/read-runner-facts.ts";
import type { RunStageJob, StageJobResult } from "./stage-job.ts";
import type { TestWish } from "./stages/planned-stage.ts";

export interface TestPlace {
  /** Absolute: a copy of the candidate that may be thrown away; tests run in it and may change it. */
  readonly tree: string;
  /** Absolute, of this stage alone; the job may write there. Made here; removed by whoever gave it. */
  readonly scratch: string;
  /** All that a job gets, beside what asks for its report. */
  readonly environment: Readonly<Record<string, string>>;
  readonly values: CommandValues;
}

export interface TestPorts {
  readonly run: RunStageJob;
  readonly clock: Clock;
  /** Each line of output, and of Instar's own words about the runs. */
  readonly say: (line: string) => void;
}

export interface TestsQuestion {
  readonly title: string;
  readonly tests: TestWish;
  readonly place: TestPlace;
  /** For all runs together. */
  readonly withinMs: number;
  /** Test files that the change reaches, relative to the tree: they are run first, where the runner can be told to. */
  readonly first: readonly string[];
}

export type TestsResult = Pick<StageResult, "verdict" | "because" | "runner" | "counts" | "coverage" | "failing" | "flaky" | "durationMs">;

/** Less is no time to run anything in. */
const SHORTEST_MS = 1_000;
/** With more failures than this nobody asks whether they are flaky. */
const MOST_AGAIN = 200;
/** More files would not fit on a command line. */
const MOST_FILES = 100;

/**
 * Runs a stage's tests: those that the change reaches first, then all, and after a failure those that failed once more, all within the
 * stage's budget. What the tests do is a value; an error is thrown only where the machine fails.
 */
export async function runTests(ports: TestPorts, question: TestsQuestion): Promise<TestsResult> {
  const beganMs = ports.clock.monotonicMs();
  const session = await openSession(ports, question, beganMs);
  const quick = await runReachedFirst(session, question);
  const quickAgain = quick === undefined ? undefined : await runAgain(session, quick);
  if (quick !== undefined && quickAgain !== undefined && !isSettled(quickAgain))
    return conclude(ports, question, { run: quick, again: quickAgain, isQuick: true, beganMs });
  const whole = await session.run(null);
  const again = await runAgain(session, whole);
  const flaky = [...(quickAgain?.flaky ?? []), ...again.flaky];
  return conclude(ports, question, { run: whole, again: { ...again, flaky }, isQuick: false, beganMs });
}

const isSettled = ({ runs, failing }: Again) => failing.length === 0 && runs.at(-1)?.decision.verdict === "pass";

interface Concluded {
  readonly run: Run;
  readonly again: Again;
  readonly isQuick: boolean;
  readonly beganMs: number;
}

function conclude(ports: TestPorts, { tests }: TestsQuestion, { run, again, isQuick, beganMs }: Concluded): TestsResult {
  const { understoodBy } = run.planned;
  const decided = decideStage({
    run: run.decision,
    isQuick,
    again: again.runs.map(({ decision }) => decision),
    stillFailing: again.failing,
    flaky: again.flaky,
    wanted: tests,
    coverage: run.coverage,
  });
  const runner = understoodBy.kind === "report" ? understoodBy.runner : "exit-status";
  return { ...decided, runner, durationMs: Math.round(ports.clock.monotonicMs() - beganMs) };
}

interface Run {
  readonly planned: PlannedRun;
  readonly end: StageJobResult;
  readonly found: FoundReport;
  readonly decision: RunDecision;
  readonly coverage: FoundCoverage;
}

interface Session {
  readonly say: (line: string) => void;
  readonly retries: number;
  readonly leftMs: () => number;
  /** Whether files can be named to the runner. */
  readonly canSelect: boolean;
  /** Files relative to the tree or absolute; null: all. */
  readonly run: (files: readonly string[] | null) => Promise<Run>;
  readonly isThere: (file: string) => Promise<boolean>;
}

async function openSession(ports: TestPorts, { title, tests, place, withinMs }: TestsQuestion, beganMs: number): Promise<Session> {
  const facts = await readRunnerFacts(place.tree);
  const leftMs = () => withinMs - (ports.clock.monotonicMs() - beganMs);
  const plan = (folder: string, more: { readonly wantsCoverage: boolean; readonly selects: boolean }) =>
    planRun({ ...tests, ...more, facts, folder, environment: place.environment });
  let runs = 0;
  return {
    say: ports.say,
    retries: tests.retries,
    leftMs,
    canSelect: plan(place.scratch, { wantsCoverage: false, selects: false }).selectBy !== null,
    isThere: async (file) => (await stat(join(place.tree, file)).catch(() => undefined))?.isFile() ?? false,
    run: async (files) => {
      runs += 1;
      const folder = join(place.scratch, `run-${runs}`);
      const wantsCoverage = tests.coverage !== undefined && files === null;
      const planned = plan(folder, { wantsCoverage, selects: files !== null });
      return runOnce(ports, {
        planned,
        folder,
        files,
        wantsCoverage,
        place,
        title,
        leftBehind: tests.leftBehind,
        timeoutMs: Math.max(leftMs(), SHORTEST_MS),
        withinMs,
      });
    },
  };
}

interface OneRun {
  readonly planned: PlannedRun;
  readonly folder: string;
  readonly files: readonly string[] | null;
  readonly wantsCoverage: boolean;
  readonly place: TestPlace;
  readonly title: string;
  readonly leftBehind: TestWish["leftBehind"];
  readonly timeoutMs: number;
  readonly withinMs: number;
}

const NOT_MEASURED: FoundCoverage = { percent: null, because: "nobody asked" };

/** Each run has a folder of its own, which was empty: no report of another run, or of another day, can be taken for its own. */
async function runOnce(ports: TestPorts, { planned, folder, files, wantsCoverage, place, title, leftBehind, timeoutMs, withinMs }: OneRun): Promise<Run> {
  for (const name of ["reports", "coverage"]) await makePrivateFolder(join(folder, name));
  for (const { path, text } of planned.files) await writeFileDurably(path, text);
  const isClear = planned.reading?.kind !== "in-tree" || (await removeInside(place.tree, planned.reading.path));
  if (wantsCoverage) await removeOldCoverage(place.tree);
  const output = createTapReader();
  let claim: string | undefined;
  const selected = files === null || planned.selectBy === null ? [] : [...planned.selectBy.before, ...planFileArguments(planned.selectBy.runner, files)];
  const end = await ports.run({
    argv: planCommand(appendToCommand(planned.command, selected), place.values),
    cwd: place.tree,
    environment: planned.environment,
    timeoutMs,
    title: files === null ? title : `${title}, ${files.length} ${files.length === 1 ? "file" : "files"}`,
    onLine: (line) => {
      if (planned.reading?.kind === "in-output") output.push(line);
      claim ??= findClaim(line);
      ports.say(line);
    },
  });
  const found: FoundReport = isClear
    ? await readReport(planned.reading, { tree: place.tree, output })
    : { kind: "broken", because: "its place was taken before the run, and could not be cleared" };
  const decision = decideRun({ understoodBy: planned.understoodBy, end, found, claim, withinMs, leftBehind });
  const told = found.kind === "read" ? found.report.coverage : null;
  const coverage = told !== null ? { percent: told, from: "its report" } : wantsCoverage ? await readCoverage(folder, place.tree) : NOT_MEASURED;
  return { planned, end, found, decision, coverage };
}

/** Undefined where everything is still to be run: there was nothing to run first, it did not fail, or how it failed says nothing. */
async function runReachedFirst(session: Session, { first }: TestsQuestion): Promise<Run | undefined> {
  if (!session.canSelect || first.length === 0 || first.length > MOST_FILES) return undefined;
  const files: string[] = [];
  for (const file of first) if (await session.isThere(file)) files.push(file);
  if (files.length === 0) return undefined;
  session.say(`first the ${files.length === 1 ? "test" : `${files.length} tests`} that the change reaches: ${files.slice(0, 5).join(", ")}`);
  const quick = await session.run(files);
  const hasFailed = quick.decision.failing.length > 0 || quick.end.kind !== "exited" || quick.end.exceeded !== undefined;
  return hasFailed ? quick : undefined;
}

interface Again {
  readonly runs: readonly Run[];
  readonly flaky: readonly SeenTest[];
  readonly failing: readonly SeenTest[];
}

/** Only after a failure that its report and its exit status agree on: anything else is no matter of chance. */
async function runAgain(session: Session, first: Run): Promise<Again> {
  let { failing } = first.decision;
  const runs: Run[] = [];
  const flaky: SeenTest[] = [];
  const isPlain = first.end.kind === "exited" && first.end.status !== 0 && first.end.exceeded === undefined;
  if (!isPlain || failing.length > MOST_AGAIN) return { runs, flaky, failing };
  while (failing.length > 0 && runs.length < session.retries && session.leftMs() > SHORTEST_MS) {
    const files = session.canSelect ? planFilesAgain(failing) : null;
    session.say(
      `${failing.length === 1 ? "a test" : `${failing.length} tests`} failed: ${files === null ? "everything" : files.slice(0, 5).join(", ")} once more`,
    );
    const again = await session.run(files);
    runs.push(again);
    if (again.found.kind !== "read") break;
    const settled = decideAgain(failing, again.found.report.tests);
    flaky.push(...settled.flaky);
    failing = settled.failing;
  }
  return { runs, flaky: flaky.filter((test) => !failing.includes(test)), failing };
}

/** The files of the tests that failed; null where one of them is not known. */
function planFilesAgain(failing: readonly SeenTest[]): readonly string[] | null {
  const files = [...new Set(failing.map(({ file }) => file))];
  return files.length <= MOST_FILES && files.every((file) => file !== null) ? files : null;
}
