// `npm run bench:backup [-- --quick] [-- --rounds N]`: Instar's snapshots beside restic's and borg's, of the same files and in the same run.
// Prints a table and writes bench/results/backup.json. Ends with 0 also where a bar is missed: that is a result; not being able to measure is not.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createAttempt } from "./attempt.ts";
import { installBackupPeers } from "./backup/install-backup-peers.ts";
import { measureBackup } from "./backup/measure-backup.ts";
import { planBackupBars } from "./backup/plan-backup-bars.ts";
import { planBackupBench } from "./backup/plan-backup-bench.ts";
import { summariseBackup } from "./backup/summarise-backup.ts";
import type { BenchReport } from "./bench-report.ts";
import { describeMachine } from "./describe-machine.ts";
import { Place } from "./place.ts";
import { renderBench } from "./render-bench.ts";

const RESULTS = fileURLToPath(new URL("results/", import.meta.url));
const { values: flags } = parseArgs({ options: { quick: { type: "boolean", default: false }, rounds: { type: "string" } } });
const plan = planBackupBench(flags.quick, flags.rounds);
const say = (line: string) => process.stderr.write(`bench: ${line}\n`);

const interrupted = new AbortController();
// Ctrl-C reaches the whole process group and is passed on by who started us: it comes more than once, and ending takes its time.
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => interrupted.abort(new Error("the bench was interrupted")));

const place = new Place("backup", interrupted.signal);
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
  const machine = describeMachine(await installBackupPeers(place, say));
  const problems: string[] = [];
  const samples = await measureBackup(place, plan, createAttempt(problems, interrupted.signal), say);
  const summaries = samples.map(summariseBackup);
  const report: BenchReport = {
    machine: {
      ...machine,
      run: flags.quick ? "quick: too few files for the bars, which are about the full run" : `full, medians of ${plan.rounds} rounds`,
      data: `half of the files text, half noise; ${samples.map(({ plan: { name }, sizeBytes }) => `${name}: ${Math.round(sizeBytes / 1_000_000)} MB`).join("; ")}`,
      durable: "Instar's backups and restores are on the disk when they return; the peers' as their authors have it",
      verify: "Instar builds everything aside and compares it; restic check --read-data, borg check --verify-data",
    },
    rows: summaries.flatMap(({ rows }) => rows),
    bars: planBackupBars(summaries[0]?.figures, summaries[1]?.figures),
  };
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(join(RESULTS, "backup.json"), `${JSON.stringify(report, null, 2)}\n`);
  process.stdout.write(renderBench(report));
  for (const problem of problems) say(problem);
  if (problems.length > 0) process.exitCode = 1;
}
