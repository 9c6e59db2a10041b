// `npm run simulate:triggers [-- --seed N] [--windows N] [--trigger name] [--json] [--quick]`: how often each trigger fires without a reason, and how soon with
// one, on simulated versions. No clock and no processes: the same seed gives the same figures on any machine. Prints a table and writes
// bench/results/triggers.json. Ends with 0 also where a bar is missed: that is a result.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { BenchReport } from "./bench-report.ts";
import { describeMachine } from "./describe-machine.ts";
import { renderBench } from "./render-bench.ts";
import { runWindow } from "./triggers/run-window.ts";
import { SCENARIOS } from "./triggers/scenarios.ts";
import { summariseTriggers } from "./triggers/summarise-triggers.ts";

const RESULTS = fileURLToPath(new URL("results/", import.meta.url));
const { values: flags } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    windows: { type: "string", default: "200" },
    trigger: { type: "string" },
    json: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
  },
});
const [seed, windows] = [Number(flags.seed), flags.quick ? 10 : Number(flags.windows)];
const chosen = SCENARIOS.filter(({ trigger }) => flags.trigger === undefined || trigger === flags.trigger);
const names = [...new Set(SCENARIOS.map(({ trigger }) => trigger))].join(", ");

if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(windows) || windows < 1 || chosen.length === 0) {
  process.stderr.write(`simulate: --seed and --windows are whole numbers, --trigger one of ${names}\n`);
  process.exitCode = 1;
} else {
  const simulated = chosen.map((scenario) => {
    const results = Array.from({ length: windows }, (_, index) => runWindow(scenario, seed + 7_919 * index));
    const [back, held] = (["rollback", "pause"] as const).map((ending) => results.filter((result) => result[ending] !== undefined).length);
    process.stderr.write(`simulate: ${scenario.name}: of ${windows}, ${back} rolled back and ${held} held\n`);
    return { scenario, windows: results };
  });
  const report: BenchReport = { machine: { ...describeMachine({}), seed, windows }, ...summariseTriggers(simulated) };
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(join(RESULTS, "triggers.json"), `${JSON.stringify(report, null, 2)}\n`);
  process.stdout.write(flags.json ? `${JSON.stringify(report, null, 2)}\n` : renderBench(report));
}
