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
import { planBars } from "./plan-bars.ts";
import { planRun } from "./plan-run.ts";
import { renderBench } from "./render-bench.ts";
import { type BenchFrame, startBench } from "./start-bench.ts";
import { measureSwitches, type Switches } from "./switches/measure-switches.ts";
import { measureThroughput, type Throughput } from "./throughput/measure-throughput.ts";

const RESULTS = fileURLToPath(new URL("results/", import.meta.url));
const { values: flags } = parseArgs({ options: { quick: { type: "boolean", default: false }, only: { type: "string" } } });
const plan = planRun(flags);

await startBench(runBench);

async function runBench({ signal, say, inPlace }: BenchFrame): Promise<number> {
  const machine = describeMachine();
  const withoutNpmPeers = await inPlace("install", (place) => installPeers(place, say));
  const problems: string[] = [];
  const attempt = createAttempt(problems, signal);
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
