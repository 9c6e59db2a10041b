// `npm run bench:sandbox [-- --quick]`: what a sandbox costs: starts, requests and whole test suites, beside the same programs without one and in the same run.
// Prints a table and writes bench/results/sandbox.json. Ends with 0 also where a bar is missed: that is a result; not being able to measure is not.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createAttempt } from "./attempt.ts";
import type { BenchReport } from "./bench-report.ts";
import { describeMachine } from "./describe-machine.ts";
import { findProgram, Place } from "./place.ts";
import { renderBench } from "./render-bench.ts";
import { measureSandbox } from "./sandbox/measure-sandbox.ts";
import { planSandboxBars } from "./sandbox/plan-sandbox-bars.ts";
import { planSandboxBench } from "./sandbox/plan-sandbox-bench.ts";
import { summariseSandbox } from "./sandbox/summarise-sandbox.ts";

const RESULTS = fileURLToPath(new URL("results/", import.meta.url));
const { values: flags } = parseArgs({ options: { quick: { type: "boolean", default: false } } });
const PRIORITY = "jobs come last in line for the processor (nice 10) and bare programs do not: on a busy machine, look at (none) beside (bubblewrap)";
const plan = planSandboxBench(flags.quick);
const say = (line: string) => process.stderr.write(`bench: ${line}\n`);

const interrupted = new AbortController();
// Ctrl-C reaches the whole process group and is passed on by who started us: it comes more than once, and ending takes its time.
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => interrupted.abort(new Error("the bench was interrupted")));

const place = new Place("sandbox", interrupted.signal);
try {
  await runBench();
} catch (error) {
  const cause = interrupted.signal.aborted ? interrupted.signal.reason : error;
  say(`could not measure: ${cause instanceof Error ? cause.message : String(cause)}`);
  process.exitCode = 1;
} finally {
  await place.end();
}

async function runBench(): Promise<void> {
  const problems: string[] = [];
  const machine = describeMachine({ bubblewrap: findProgram("bwrap") === undefined ? "not installed" : (await place.run(["bwrap", "--version"])).trim() });
  const samples = await measureSandbox(place, plan, createAttempt(problems, interrupted.signal), say);
  const { rows, figures } = summariseSandbox(samples);
  const report: BenchReport = {
    machine: { ...machine, priority: PRIORITY, run: flags.quick ? "quick: too few runs for the bars, which are about the full run" : "full" },
    rows,
    bars: planSandboxBars(figures),
  };
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(join(RESULTS, "sandbox.json"), `${JSON.stringify(report, null, 2)}\n`);
  process.stdout.write(renderBench(report));
  for (const problem of problems) say(problem);
  if (problems.length > 0) process.exitCode = 1;
}
