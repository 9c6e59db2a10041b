// npm run test:openclaw -- [--keep]: a real OpenClaw gateway with a scheduled job in its state, from one release to a newer one and back under Instar, spoken
// to by its CLI only, as its operator does. Installs two releases of 650 MB from the npm registry, and takes some minutes. Ends with "N passed, N failed".
import { existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { RehearsalReport, UpdateView } from "@instar/protocol";
import { findFreePort } from "@instar/testkit";
import { Checks } from "./checks.ts";
import { FrontProber, type View } from "./front-prober.ts";
import { OpenClawBench } from "./openclaw-bench.ts";

const OLD = "2026.8.2";
const NEW = "2026.9.5";
const JOB = "nightly-report";
/** What the rehearsal must have found out. Its times depend on what else this machine does, and are only printed. */
const REHEARSED = ["preflight", "readiness", "version", "things plugins", "things channels", "things jobs", "command sessions", "log", "migration", "way back"];

const { values } = parseArgs({ options: { keep: { type: "boolean", default: false } } });
const bench = new OpenClawBench(await findFreePort());
const checks = new Checks();
const views: [string, View][] = [];
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => {
    bench.end();
    process.exit(1);
  });

try {
  await checks.part(`${OLD} is put under Instar`, begin);
  if (!checks.hasFailed) {
    await checks.part(`A scheduled job in the state of ${OLD}`, addJob);
    await checks.part(`A candidate with one deleted file of its dist`, offerBroken);
    await checks.part(`From ${OLD} to ${NEW}`, goForward);
    await checks.part(`Back to ${OLD}`, goBack);
    await checks.part("A live install is overwritten underneath", overwrite);
  }
  await checks.part("Leaving", leave);
} finally {
  if (checks.hasFailed) console.log(`\nThe daemon's log ends:\n${bench.log("daemon")}`);
  if (values.keep) console.log(`\nKept: ${bench.root}`);
  else bench.end();
}
printViews();
checks.end();
process.exitCode = checks.hasFailed ? 1 : 0;

/** As a person would: the preset, what it says comes next, with a version in the place of the newest, and `up`. */
async function begin(): Promise<void> {
  const init = await bench.cli("init", "--preset", "openclaw", "--yes", "--json", "--name", "claw", "--front-port", String(bench.port), "--automatic", "never");
  checks.expect("instar init --preset openclaw writes instar.yaml into an empty folder", init.status === 0, init.stderr);
  const { next } = JSON.parse(init.stdout) as { next: string[] };
  for (const line of next.filter((each) => !each.startsWith("instar "))) bench.shell(line.replace("openclaw@latest", `openclaw@${OLD}`));
  if (Object.keys(bench.registry).length > 0) bench.setting(["sandbox", "environment"], bench.registry);
  // A test does not wait an hour.
  bench.setting(["watch", "time"], "2s");
  bench.setting(["source", "checkEvery"], "10m");
  const up = await bench.cli("up");
  checks.expect("instar up starts it", up.status === 0, up.stderr);
  const first = await ended(() => true);
  checks.expect(`the gateway serves ${OLD} through the front`, (await versionServed()) === OLD, said(first));
}

async function addJob(): Promise<void> {
  await bench.openclaw("cron", "add", "--name", JOB, "--cron", "0 3 * * *", "--command", "true");
  checks.expect("openclaw's own CLI adds and lists it through the front", await hasJob());
}

/** Its build deletes a chunk that is loaded late: it would start, say its version and be ready. */
async function offerBroken(): Promise<void> {
  const tree = await bench.treeOfRunning();
  const victim = readdirSync(join(tree, "node_modules/openclaw/dist")).find((file) => /^doctor-.*\.js$/.test(file)) ?? "missing";
  bench.commit("a patch that goes wrong", (manifest) => {
    manifest.scripts = { build: `rm node_modules/openclaw/dist/${victim}` };
  });
  const before = await bench.status();
  const ran = await bench.cli("update", "apply");
  const update = await bench.newestUpdate();
  const after = await bench.status();
  checks.expect("it is refused", ran.status === 4 && update?.outcome === "refused", said(update));
  checks.expect(
    "the file is named",
    update !== undefined && [update.because, ...update.steps.map(({ because }) => because)].join(" ").includes(victim),
    victim,
  );
  checks.expect("it never reached the slot: the very same process serves", before.agent.slot?.pid === after.agent.slot?.pid && after.agent.version === OLD);
  bench.commit("without it", (manifest) => {
    delete manifest.scripts;
  });
}

async function goForward(): Promise<void> {
  bench.bump(NEW);
  const { ran, view } = await watched(`${OLD} to ${NEW}`, () => bench.cli("update", "apply"));
  const update = await bench.newestUpdate();
  checks.expect(`the update to ${NEW} is committed`, ran.status === 0 && update?.outcome === "committed", said(update));
  checks.expect(`${NEW} answers through the front`, (await versionServed()) === NEW);
  checks.expect("the old one served until the hold", view.servedUntilHold && view.versions.join(" ") === `${OLD} ${NEW}`, view.versions.join(" then "));
  checks.expect("no request failed", view.failed === 0, `${view.failed} of ${view.requests}`);
  checks.expect("the scheduled job is there", await hasJob());
  const rehearsal = rehearsalOf(update);
  const amiss = REHEARSED.filter((what) => rehearsal?.findings.find((finding) => finding.what === what)?.verdict !== "pass");
  checks.expect("it was rehearsed on a copy of the state", amiss.length === 0, amiss.length === 0 ? rehearsal?.because : `amiss: ${amiss.join(", ")}`);
  checks.expect("that code alone cannot go back is known beforehand", rehearsal?.wayBack === "with-state", rehearsal?.wayBackBecause);
  for (const { what, verdict, because } of rehearsal?.findings ?? []) console.log(`         ${verdict.padEnd(12)} ${what}: ${because}`);
}

async function goBack(): Promise<void> {
  const alone = await bench.cli("rollback");
  checks.expect("code alone is refused before anything stops", alone.status !== 0 && (await versionServed()) === NEW, alone.stderr.split("\n")[0]);
  const { ran, view } = await watched(`${NEW} to ${OLD}`, () => bench.cli("rollback", "--with-state"));
  const update = await bench.newestUpdate();
  checks.expect("code goes back together with the state", ran.status === 0 && (await versionServed()) === OLD, said(update) || ran.stderr);
  checks.expect("no request failed", view.failed === 0, `${view.failed} of ${view.requests}`);
  checks.expect("the scheduled job is there", await hasJob());
}

/** As an `npm install -g` or an updater of its own would do it, and as root can: over the sealed files of the process that runs. */
async function overwrite(): Promise<void> {
  const dist = join(await bench.treeOfRunning(), "node_modules/openclaw/dist");
  const file = readdirSync(dist).find((each) => /^doctor-.*\.js$/.test(each)) ?? "entry.js";
  const { mode } = statSync(join(dist, file));
  bench.shell(`chmod u+w ${JSON.stringify(join(dist, file))}`);
  writeFileSync(join(dist, file), "// something else\n", { mode });
  checks.expect("its own health page is green", (await ask("/healthz")).status === 200 && (await ask("/readyz")).body.includes('"ready":true'));
  const { agent } = await bench.status();
  checks.expect("instar status says that it is degraded", agent.degraded !== null && agent.degraded !== undefined, agent.degraded ?? "it says nothing of it");
  const { checks: found } = await bench.doctor();
  const telling = found.filter(({ verdict, because }) => verdict !== "pass" && because.includes(file));
  checks.expect("instar doctor names the file", telling.length > 0, telling[0]?.because ?? "it does not");
}

async function leave(): Promise<void> {
  const down = await bench.cli("down");
  checks.expect("instar down ends it", down.status === 0, down.stderr);
  checks.expect("the state is where it was", existsSync(join(bench.agent, "state/state/openclaw.sqlite")));
}

async function watched<T>(name: string, play: () => Promise<T>): Promise<{ ran: T; view: View }> {
  const prober = new FrontProber(bench.port, (page) => bench.versionOf(page));
  prober.begin();
  const ran = await play().finally(() => prober.end());
  const view = await prober.end();
  views.push([name, view]);
  return { ran, view };
}

async function ended(is: (update: UpdateView) => boolean): Promise<UpdateView> {
  const untilMs = performance.now() + 600_000;
  for (;;) {
    const update = await bench.newestUpdate();
    if (update !== undefined && is(update) && update.outcome !== null) return update;
    if (performance.now() > untilMs) throw new Error(`waited in vain for the update's end: ${said(update)}`);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}

function said(update: UpdateView | undefined): string {
  if (update === undefined) return "there is no update";
  const exchange = update.exchangeMs === null ? "" : `, exchanged in ${(update.exchangeMs / 1_000).toFixed(1)} s`;
  return `${update.outcome ?? update.state}: ${update.because}${exchange}`;
}

function rehearsalOf(update: UpdateView | undefined): RehearsalReport | undefined {
  return update?.steps.flatMap(({ evidence }) => (evidence?.rehearsal === undefined ? [] : [evidence.rehearsal]))[0];
}

async function hasJob(): Promise<boolean> {
  return (await bench.jobs()).filter(({ name }) => name === JOB).length === 1;
}

/** What callers get: the page of which version. */
async function versionServed(): Promise<string | undefined> {
  return bench.versionOf((await ask("/")).body);
}

function ask(path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve) => {
    get({ host: "127.0.0.1", port: bench.port, path, agent: false, timeout: 60_000 }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        body += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    }).on("error", (error) => resolve({ status: 0, body: error.message }));
  });
}

function printViews(): void {
  const rows = [
    ["What the client saw", "requests", "failed", "held", "longest gap", "longest wait"],
    ...views.map(([name, view]) => [name, view.requests, view.failed, view.held, `${view.longestGapMs} ms`, `${view.longestWaitMs} ms`].map(String)),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  console.log(`\n${rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")).join("\n")}`);
}
