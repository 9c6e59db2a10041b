// `npm run bench:analysis [-- --quick]`: Instar's module graph beside dependency-cruiser's and madge's, of the same real sources and in the same run.
// Prints a table and writes bench/results/analysis.json. Ends with 0 also where a bar is missed: that is a result; not being able to measure is not.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { installAnalysis } from "./analysis/install-analysis.ts";
import { measureAnalysis } from "./analysis/measure-analysis.ts";
import { planAnalysis } from "./analysis/plan-analysis.ts";
import { planAnalysisBars } from "./analysis/plan-analysis-bars.ts";
import { summariseAnalysis } from "./analysis/summarise-analysis.ts";
import type { BenchReport } from "./bench-report.ts";
import { describeMachine, readPinned } from "./describe-machine.ts";
import { Place } from "./place.ts";
import { renderBench } from "./render-bench.ts";

const RESULTS = fileURLToPath(new URL("results/", import.meta.url));
const { values: flags } = parseArgs({ options: { quick: { type: "boolean", default: false } } });
const plan = planAnalysis(flags.quick);
const say = (line: string) => process.stderr.write(`bench: ${line}\n`);

const interrupted = new AbortController();
// Ctrl-C reaches the whole process group and is passed on by who started us: it comes more than once, and ending takes its time.
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => interrupted.abort(new Error("the bench was interrupted")));

const place = new Place("analysis", interrupted.signal);
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
  const machine = describeMachine(readPinned(new URL("analysis/peers/", import.meta.url)));
  await installAnalysis(place, plan.from, say);
  const samples = await measureAnalysis(place, plan, say);
  const { rows, figures } = summariseAnalysis(samples);
  const { files, typescript, sizeBytes } = samples.tree;
  const tree = `${files} files, ${typescript} of them TypeScript, ${Math.round(sizeBytes / 1_000_000)} MB; Instar reads ${samples.modules} modules in it`;
  const report: BenchReport = {
    machine: { ...machine, run: flags.quick ? "quick: too few files for the bars, which are about the full run" : "full", tree },
    rows,
    bars: planAnalysisBars(figures),
  };
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(join(RESULTS, "analysis.json"), `${JSON.stringify(report, null, 2)}\n`);
  process.stdout.write(renderBench(report));
}
