import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { systemClock } from "../platform/clock.ts";
import { createJobRunner } from "../platform/run-job.ts";
import { runTests, type TestsQuestion, type TestsResult } from "./run-tests.ts";
import type { StageJob } from "./stage-job.ts";
import type { TestWish } from "./stages/planned-stage.ts";

const NODE_FOLDER = dirname(process.execPath);
const PATH = `${NODE_FOLDER}:${process.env.PATH ?? "/usr/bin:/bin"}`;

/** A tree with these files, whose tests are run by real jobs; with everything that was said and started. */
export interface StageRoom {
  readonly tree: string;
  readonly scratch: string;
  readonly jobs: StageJob[];
  /** The first thousand. */
  readonly lines: string[];
  readonly test: (wish: Partial<TestWish> & Pick<TestWish, "command">, more?: Partial<TestsQuestion>) => Promise<TestsResult>;
}

export async function withStageRoom(files: Readonly<Record<string, string>>, act: (room: StageRoom) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "instar-stage-"));
  const [tree, scratch, home] = [join(folder, "tree"), join(folder, "a scratch"), join(folder, "home")];
  const runJob = createJobRunner({ clock: systemClock, instanceId: "stages" });
  const jobs: StageJob[] = [];
  const lines: string[] = [];
  try {
    for (const path of [tree, scratch, home]) await mkdir(path);
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(tree, path)), { recursive: true });
      await writeFile(join(tree, path), text);
    }
    const run = (job: StageJob) => {
      jobs.push(job);
      return runJob({ ...job, logPath: join(folder, "log") });
    };
    const test: StageRoom["test"] = (wish, more = {}) =>
      runTests(
        { run, clock: systemClock, say: (line) => void (lines.length < 1_000 && lines.push(line)) },
        {
          title: "unit_tests",
          tests: { runner: "auto", report: undefined, coverage: undefined, retries: 1, flaky: "reported", leftBehind: "refused", ...wish },
          place: { tree, scratch, environment: { PATH, HOME: home, TMPDIR: home, CI: "true", PYTHONDONTWRITEBYTECODE: "1" }, values: { release: tree } },
          withinMs: 60_000,
          first: [],
          ...more,
        },
      );
    await act({ tree, scratch, jobs, lines, test });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The interpreter itself, past whatever chooses one by the home folder; undefined where there is none that can import the module. */
export function findPython(module = "sys"): string | undefined {
  try {
    return execFileSync("python3", ["-c", `import sys, ${module}; print(sys.executable)`], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return undefined;
  }
}
