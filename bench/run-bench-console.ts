// `npm run bench:console [-- --quick]`: what the web console's first load weighs and takes, and how long a press waits while the list has ten thousand updates and
// the daemon tells of fifty changes a second; in a real Chromium, beside a page of the same rows without any script. Prints a table and writes
// bench/results/console.json. Ends with 0 also where a bar is missed; not being able to measure is not 0.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { OutputOf } from "@instar/protocol";
import { fillJournal } from "../packages/instar/src/update/fill-journal.testing.ts";
import { buildConsole } from "../scripts/build-console.ts";
import { TestBrowser } from "../tests/e2e/browser.ts";
import { TestInstance } from "../tests/e2e/test-instance.ts";
import { createAttempt } from "./attempt.ts";
import { nowMs } from "./bench-clock.ts";
import { type BenchReport, bar, type Row, row } from "./bench-report.ts";
import { measureDelays } from "./console/measure-delays.ts";
import { measureFirstLoad, servePlainTable } from "./console/measure-first-load.ts";
import { describeMachine } from "./describe-machine.ts";
import { median, percentile } from "./percentile.ts";
import { renderBench } from "./render-bench.ts";
import { type BenchFrame, startBench } from "./start-bench.ts";

const RESULTS = fileURLToPath(new URL("results/", import.meta.url));
const UPDATES = 10_000;
const { values: flags } = parseArgs({ options: { quick: { type: "boolean", default: false } } });
const loads = flags.quick ? 3 : 15;
const rounds = flags.quick ? 3 : 20;

await startBench(runBench);

async function runBench({ signal, say }: BenchFrame): Promise<number> {
  await buildConsole(say);
  const problems: string[] = [];
  const attempt = createAttempt(problems, signal);
  const instance = await TestInstance.create();
  const browser = await TestBrowser.start();
  try {
    await instance.start();
    const token = instance.json<{ secret: string }>("token", "create", "root", "--role", "admin").secret;
    instance.cli("down");
    say(`${UPDATES} updates are written`);
    fillJournal(instance.data, UPDATES);
    instance.cli("up");
    const first = await instance.ask<OutputOf<"update.list">>("GET", "/v1/update/list?limit=100");

    say(`the first load, ${loads} times`);
    const ours = await attempt("the first load", () =>
      repeat(loads, () => measureFirstLoad(browser, instance.cli("console").stdout.match(/http:\S+/)?.[0] ?? "", ".overview")),
    );
    const plain = await attempt("the plain page", async () => {
      const served = await servePlainTable(first.updates.map(({ versionTo, outcome, startedAt, because }) => [versionTo, outcome ?? "", startedAt, because]));
      try {
        return await repeat(loads, () => measureFirstLoad(browser, served.address, "table"));
      } finally {
        served.close();
      }
    });

    say("status and a page of the list, as the daemon answers them");
    const asked = await attempt("the daemon's answers", async () => ({
      status: await repeat(20, () => timed(() => instance.ask("GET", "/v1/status"))),
      list: await repeat(20, () => timed(() => instance.ask("GET", "/v1/update/list?limit=100"))),
    }));

    say(`presses beside ${UPDATES} updates and fifty changes a second, ${rounds} rounds`);
    const delays = await attempt("the delays", async () => {
      const window = await browser.open();
      await window.signInAs(instance, token);
      await window.go("/updates");
      await window.settle();
      return measureDelays(instance, window, token, rounds);
    });

    const load = typeof ours === "string" ? undefined : { kB: median(ours.map(({ bytes }) => bytes)) / 1_000, ms: median(ours.map(({ ms }) => ms)) };
    const peer = typeof plain === "string" ? undefined : { kB: median(plain.map(({ bytes }) => bytes)) / 1_000, ms: median(plain.map(({ ms }) => ms)) };
    const seen = typeof delays === "string" ? undefined : delays;
    const slow = seen === undefined ? null : percentile(seen.delaysMs, 0.98);
    const noteOf = (found: unknown): string => (typeof found === "string" ? found : "");
    const PEER = "the same rows, no script";
    const rows: Row[] = [
      row("first load, over the wire", "kB", load?.kB ?? null, PEER, peer?.kB ?? null, noteOf(ours)),
      row("first load, until the overview stands with its data", "ms", load?.ms ?? null, PEER, peer?.ms ?? null, "signing in by the code included"),
      row("press to picture, median", "ms", seen === undefined ? null : median(seen.delaysMs), null, null, noteOf(delays)),
      row(
        "press to picture, 98 % within",
        "ms",
        slow,
        null,
        null,
        seen === undefined ? "" : `${seen.delaysMs.length} presses, ${seen.perSecond.toFixed(0)} changes a second`,
      ),
      row(`status beside ${UPDATES} updates, median`, "ms", typeof asked === "string" ? null : median(asked.status), null, null, noteOf(asked)),
      row(`a page of the list of ${UPDATES}, median`, "ms", typeof asked === "string" ? null : median(asked.list), null, null, noteOf(asked)),
    ];
    const report: BenchReport = {
      machine: { ...describeMachine(), run: flags.quick ? "quick" : "full" },
      rows,
      bars: [bar("first load, kB compressed", "<= 350", load?.kB ?? null), bar("press to picture, 98 % within, ms", "<= 100", slow)],
    };
    mkdirSync(RESULTS, { recursive: true });
    writeFileSync(join(RESULTS, "console.json"), `${JSON.stringify(report, null, 2)}\n`);
    process.stdout.write(renderBench(report));
    for (const problem of problems) say(problem);
    return problems.length === 0 ? 0 : 1;
  } finally {
    await browser.end();
    instance.end();
  }
}

async function repeat<T>(times: number, measure: () => Promise<T>): Promise<T[]> {
  const found: T[] = [];
  for (let time = 0; time < times; time += 1) found.push(await measure());
  return found;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const beganMs = nowMs();
  await work();
  return nowMs() - beganMs;
}
