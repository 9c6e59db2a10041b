// `npm run bench:rollback [-- --quick]`: from the first bad response of a new version to the old one answering, found out by what watches; beside haproxy in
// the same run. Prints a table and writes bench/results/rollback.json. Ends with 0 also where a bar is missed; not being able to measure is not 0.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createAttempt } from "./attempt.ts";
import { type BenchReport, bar, type Row, row } from "./bench-report.ts";
import { describeMachine } from "./describe-machine.ts";
import { median } from "./percentile.ts";
import { findProgram } from "./place.ts";
import { renderBench } from "./render-bench.ts";
import type { WayBack } from "./rollback/judge-answers.ts";
import { measureHaproxyRollback, measureInstarRollback } from "./rollback/measure-rollback.ts";
import { type BenchFrame, startBench } from "./start-bench.ts";

const RESULTS = fileURLToPath(new URL("results/", import.meta.url));
const { values: flags } = parseArgs({ options: { quick: { type: "boolean", default: false } } });
const plan = { perSecond: 50, rounds: flags.quick ? 1 : 5 };
const SHARES = flags.quick ? [1] : [1, 0.3];

await startBench(runBench);

async function runBench({ signal, say, inPlace }: BenchFrame): Promise<number> {
  const problems: string[] = [];
  const attempt = createAttempt(problems, signal);
  const rows: Row[] = [];
  const all: WayBack[] = [];
  const worst: Record<string, number> = {};
  const haproxy = findProgram("haproxy");
  for (const share of SHARES) {
    const peer =
      haproxy === undefined
        ? "not installed (apt-get install haproxy)"
        : await attempt("haproxy", () => inPlace("haproxy", (place) => measureHaproxyRollback(place, haproxy, share, plan)));
    const peers = typeof peer === "string" ? [] : peer;
    for (const strategy of ["blue-green", "recreate"] as const) {
      const ours = await attempt(`instar, ${strategy}`, () => inPlace("rollback", (place) => measureInstarRollback(place, strategy, share, plan, say)));
      const ways = typeof ours === "string" ? [] : ours;
      all.push(...ways);
      const note =
        typeof peer === "string"
          ? peer
          : peers.length === 0
            ? "haproxy never marks it down: it counts errors in a row"
            : "the peer runs both versions all the time";
      rows.push(
        row(
          `${strategy}, ${share * 100} % fail: first bad answer to the old version`,
          "ms",
          medianOf(ways, "ms"),
          "haproxy observe + backup",
          medianOf(peers, "ms"),
          note,
        ),
        row(
          `${strategy}, ${share * 100} % fail: requests failed meanwhile`,
          "",
          medianOf(ways, "failed"),
          "haproxy observe + backup",
          medianOf(peers, "failed"),
        ),
      );
      if (ways.length > 0) worst[`${strategy} ${share}`] = Math.max(...ways.map(({ ms }) => ms));
    }
  }
  const report: BenchReport = {
    machine: { ...describeMachine(), load: `${plan.perSecond} requests a second`, run: flags.quick ? "quick" : "full" },
    rows,
    bars: [
      bar("requests failed after the old version was back", "== 0", all.length === 0 ? null : all.reduce((sum, { failedAfter }) => sum + failedAfter, 0)),
      bar("slowest way back, all requests fail, s", "<= 10", seconds(worst, 1)),
      ...(flags.quick ? [] : [bar("slowest way back, 30 % fail at 50 requests a second, s", "<= 120", seconds(worst, 0.3))]),
    ],
  };
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(join(RESULTS, "rollback.json"), `${JSON.stringify(report, null, 2)}\n`);
  process.stdout.write(renderBench(report));
  for (const problem of problems) say(problem);
  return problems.length === 0 ? 0 : 1;
}

function medianOf(ways: readonly WayBack[], key: "ms" | "failed"): number | null {
  return ways.length === 0 ? null : median(ways.map((way) => way[key]));
}

function seconds(worst: Readonly<Record<string, number>>, share: number): number | null {
  const found = Object.entries(worst).flatMap(([name, ms]) => (name.endsWith(` ${share}`) ? [ms] : []));
  return found.length === 0 ? null : Math.max(...found) / 1_000;
}
