// `npm run bench:detect [-- --quick]`: from a change to the event of it, per source; the watcher with 10,000 files beside chokidar; what a poll of 1,000 refs
// costs. Prints a table and writes bench/results/detect.json. Ends with 0 also where a bar is missed; not being able to measure is not 0.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createAttempt } from "./attempt.ts";
import { type BenchReport, bar, type Row, row } from "./bench-report.ts";
import { describeMachine } from "./describe-machine.ts";
import { DetectInstance, POLL_MS, QUIET_MS } from "./detect/detect-instance.ts";
import { measurePolls } from "./detect/measure-poll.ts";
import { FULL_WATCH, measureWatchFolder } from "./detect/watch-folder.ts";
import { median } from "./percentile.ts";
import { renderBench } from "./render-bench.ts";
import { type BenchFrame, startBench } from "./start-bench.ts";

const RESULTS = fileURLToPath(new URL("results/", import.meta.url));
const { values: flags } = parseArgs({ options: { quick: { type: "boolean", default: false } } });
const times = flags.quick ? 4 : 20;
const watch = flags.quick ? { ...FULL_WATCH, rounds: 1, writes: 10 } : FULL_WATCH;

await startBench(runBench);

async function runBench({ signal, say, inPlace }: BenchFrame): Promise<number> {
  const problems: string[] = [];
  const attempt = createAttempt(problems, signal);
  const rows: Row[] = [];
  const told = await attempt("webhook and files", () =>
    inPlace("told", async (place) => {
      say(`webhooks and files: ${times} changes each`);
      const instance = await DetectInstance.start(place, false);
      const webhook = await repeat(() => instance.told());
      return { webhook: webhook.map(({ event }) => event), read: webhook.map(({ read }) => read), files: await repeat(() => instance.written()) };
    }),
  );
  const polled = await attempt("git, polled", () =>
    inPlace("polled", async (place) => {
      say(`git, polled: ${times} changes`);
      const instance = await DetectInstance.start(place, true);
      return repeat(() => instance.polled());
    }),
  );
  const noticed = typeof told === "string" ? undefined : told;
  const beyondQuietMs = noticed === undefined ? null : median(noticed.files) - QUIET_MS;
  rows.push(
    row("webhook to event, median", "ms", noticed === undefined ? null : median(noticed.webhook), null, null, noteOf(told)),
    row("webhook to what upstream has, read and decided, median", "ms", noticed === undefined ? null : median(noticed.read), null, null, noteOf(told)),
    row(`file to event beyond the quiet ${QUIET_MS} ms, median`, "ms", beyondQuietMs, null, null, noteOf(told)),
    row(
      `push to event, polled every ${POLL_MS} ms, median`,
      "ms",
      typeof polled === "string" ? null : median(polled),
      "the poll alone",
      POLL_MS / 2,
      noteOf(polled),
    ),
  );
  const watched = await attempt("watcher", () => inPlace("watch", (place) => measureWatchFolder(place, watch, say)));
  if (typeof watched !== "string") rows.push(...watched);
  const polls = await attempt("a poll", () => inPlace("poll", (place) => measurePolls(place, { refs: 1_000, rounds: times * 2 })));
  const cost = typeof polls === "string" ? undefined : polls;
  rows.push(
    row("a poll of 1,000 refs, nothing new", "bytes", cost?.ours.bytes ?? null, "git fetch", cost?.fetch.bytes ?? null, noteOf(polls)),
    row("a poll of 1,000 refs, nothing new", "ms CPU", cost?.ours.cpuMs ?? null, "git fetch", cost?.fetch.cpuMs ?? null, "of git's processes here"),
  );
  const ratios = typeof watched === "string" ? [] : watched;
  const report: BenchReport = {
    machine: { ...describeMachine(), run: flags.quick ? "quick" : "full" },
    rows,
    bars: [
      bar("file to event beyond the quiet period, ms", "<= 300", beyondQuietMs),
      bar("webhook to event, ms", "<= 50", noticed === undefined ? null : median(noticed.webhook)),
      bar("objects fetched by polls that found nothing new", "== 0", cost?.fetchedObjects ?? null),
      bar("watcher, write to event / chokidar", "<= 1", ratios.find(({ what }) => /median/.test(what))?.ratio ?? null),
      bar("watcher, memory / chokidar", "<= 1", ratios.find(({ unit }) => unit === "MiB")?.ratio ?? null),
    ],
  };
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(join(RESULTS, "detect.json"), `${JSON.stringify(report, null, 2)}\n`);
  process.stdout.write(renderBench(report));
  for (const problem of problems) say(problem);
  return problems.length === 0 ? 0 : 1;
}

function noteOf(measured: unknown): string {
  return typeof measured === "string" ? measured : "";
}

async function repeat<T>(once: () => Promise<T>): Promise<T[]> {
  const found: T[] = [];
  for (let time = 0; time < times; time += 1) found.push(await once());
  return found;
}
