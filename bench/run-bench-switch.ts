// `npm run bench:switch [-- --quick] [-- --only <part>,<part>]`: Instar's switch beside peers, in the same run and under the same load.
// Prints a table and writes bench/results/switch.json. Ends with 0 also where a bar is missed: that is a result; not being able to measure is not.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createAttempt } from "./attempt.ts";
import type { BenchReport } from "./bench-report.ts";
import { describeMachine } from "./describe-machine.ts";
import { installPeers } from "./peers/install-peers.ts";
import { Place } from "./place.ts";
import { planBars } from "./plan-bars.ts";
import { planRun } from "./plan-run.ts";
import { renderBench } from "./render-bench.ts";
import { measureSwitches, type Switches } from "./switches/measure-switches.ts";
import { measureThroughput, type Throughput } from "./throughput/measure-throughput.ts";

const RESULTS = fileURLToPath(new URL("results/", import.meta.url));
const { values: flags } = parseArgs({ options: { quick: { type: "boolean", default: false }, only: { type: "string" } } });
const plan = planRun(flags);
const say = (line: string) => process.stderr.write(`bench: ${line}\n`);

const interrupted = new AbortController();
// Ctrl-C reaches the whole process group and is passed on by who started us: it comes more than once, and ending takes its time.
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => interrupted.abort(new Error("the bench was interrupted")));

process.exitCode = await runBench().catch((error: unknown) => {
  const cause = interrupted.signal.aborted ? interrupted.signal.reason : error;
  say(`could not measure: ${cause instanceof Error ? cause.message : String(cause)}`);
  return 1;
});

async function runBench(): Promise<number> {
  const machine = describeMachine();
  const withoutNpmPeers = await inPlace("install", (place) => installPeers(place, say));
  const problems: string[] = [];
  const attempt = createAttempt(problems, interrupted.signal);
  let switches: Switches | undefined;
  let throughput: Throughput | undefined;
  if (plan.switches.subjects.length > 0) switches = await measureSwitches({ ...plan.switches, withoutNpmPeers, inPlace, attempt, say });
  if (plan.throughput !== undefined) {
    const { rounds, seconds } = plan.throughput;
    const measured = await attempt("throughput", () => inPlace("throughput", (place) => measureThroughput(place, { rounds, seconds, withoutNpmPeers }, say)));
    throughput = typeof measured === "object" ? measured : undefined;
  }
  const report: BenchReport = { machine, rows: [...(switches?.rows ?? []), ...(throughput?.rows ?? [])], bars: planBars(switches, throughput) };
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(join(RESULTS, "switch.json"), `${JSON.stringify(report, null, 2)}\n`);
  process.stdout.write(renderBench(report));
  for (const problem of problems) say(problem);
  return problems.length === 0 ? 0 : 1;
}

/** Whatever happens inside, everything that was started there has ended afterwards and its folder is gone. */
async function inPlace<T>(name: string, work: (place: Place) => Promise<T>): Promise<T> {
  const place = new Place(name, interrupted.signal);
  try {
    return await work(place);
  } finally {
    await place.end();
  }
}
