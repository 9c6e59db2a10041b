import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Attempt } from "../attempt.ts";
import { until } from "../bench-clock.ts";
import type { Place } from "../place.ts";
import { CALLED, dialLoopback, measureCalls } from "./measure-calls.ts";
import type { SandboxBenchPlan } from "./plan-sandbox-bench.ts";
import { runBare } from "./run-bare.ts";
import { runInside } from "./run-inside.ts";
import { type ByWay, type SandboxSamples, type Started, WAYS, type Way } from "./sandbox-samples.ts";
import { openSubjects, plainEnvironment, type Subjects } from "./subjects.ts";
import { writeSuite } from "./write-suite.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** A real suite, of this project's own: decisions, with no process or network of their own. */
const REAL = ["packages/instar/src/settings/plan", "packages/instar/src/statistics", "packages/instar/src/update/plan", "packages/instar/src/update/fold"];
const REAL_READS = ["packages", "node_modules", "package.json", "tsconfig.json", "vitest.config.ts"].map((name) => join(ROOT, name));

interface Bench {
  readonly place: Place;
  readonly plan: SandboxBenchPlan;
  readonly subjects: Subjects;
  readonly attempt: Attempt;
  readonly say: (line: string) => void;
}

/** Starts, calls and suites, bare and in each sandbox. They take turns, so that a slow minute of the machine is everybody's. */
export async function measureSandbox(place: Place, plan: SandboxBenchPlan, attempt: Attempt, say: (line: string) => void): Promise<SandboxSamples> {
  say("trying the sandboxes");
  const bench: Bench = { place, plan, attempt, say, subjects: await openSubjects(place) };
  const suite = join(place.folder, "suite");
  writeSuite(suite, plan);
  const own = [process.execPath, "--test", "--test-reporter=dot"];
  const real = [process.execPath, join(ROOT, "node_modules/vitest/vitest.mjs"), "run", "--configLoader=runner", "--reporter=dot", "--maxWorkers=2", ...REAL];
  return {
    starts: {
      sh: await takeTurns(bench, { what: "starting a shell", times: plan.starts }, (way) => runIn(bench, way, ["/bin/sh", "-c", "echo started"])),
      node: await takeTurns(bench, { what: "starting Node", times: plan.starts }, (way) => runIn(bench, way, [process.execPath, "-e", "console.log(1)"])),
    },
    calls: await measureAllCalls(bench),
    suites: {
      own: endsOf(await takeTurns(bench, { what: "a suite for node --test", times: plan.suites }, (way) => runIn(bench, way, own, suite, [suite]))),
      real: endsOf(await takeTurns(bench, { what: "a real suite for Vitest", times: plan.suites }, (way) => runIn(bench, way, real, ROOT, REAL_READS))),
    },
    tests: plan.files * plan.testsInFile,
  };
}

/** Round after round, each way once a round; the first round only warms up. A way that fails once is left out of all further rounds. */
async function takeTurns(bench: Bench, { what, times }: { what: string; times: number }, run: (way: Way) => Promise<Started>): Promise<ByWay<Started[]>> {
  bench.say(what);
  const found = Object.fromEntries(WAYS.map((way) => [way, reasonAgainst(bench, way) ?? ([] as Started[])])) as Record<Way, Started[] | string>;
  for (let round = 0; round <= times; round += 1)
    for (const way of WAYS) {
      const samples = found[way];
      if (typeof samples === "string") continue;
      const sample = await bench.attempt(`${what}, ${way},`, () => run(way));
      if (typeof sample === "string") found[way] = sample;
      else if (round > 0) samples.push(sample);
    }
  return found;
}

function reasonAgainst({ subjects }: Bench, way: Way): string | undefined {
  const subject = way === "bare" ? undefined : subjects.of[way];
  return typeof subject === "string" ? subject : undefined;
}

function runIn({ subjects, place }: Bench, way: Way, argv: readonly string[], cwd?: string, readable: readonly string[] = []): Promise<Started> {
  const job = subjects.job(argv, { readable, ...(cwd === undefined ? {} : { cwd }) });
  if (way === "bare") return runBare(argv, { cwd: job.cwd, environment: plainEnvironment(job.confinement.scratch), signal: place.signal });
  const subject = subjects.of[way];
  if (typeof subject === "string") throw new Error(subject);
  return runInside(subject.run, { ...job, signal: place.signal });
}

async function measureAllCalls(bench: Bench): Promise<ByWay<number[]>> {
  const found: Partial<Record<Way, number[] | string>> = {};
  for (const way of WAYS) {
    bench.say(`calls, ${way}`);
    found[way] = reasonAgainst(bench, way) ?? (await bench.attempt(`calls, ${way},`, () => measureCallsIn(bench, way)));
  }
  return found as Record<Way, number[] | string>;
}

async function measureCallsIn({ subjects, place, plan }: Bench, way: Way): Promise<number[]> {
  const argv = [process.execPath, "-e", CALLED];
  if (way === "bare") {
    place.start("called", argv);
    const port = await until("the bare agent's port", () => portIn(place.lastWords("called")), place.signal);
    return measureCalls(() => dialLoopback(port), plan.calls);
  }
  const subject = subjects.of[way];
  if (typeof subject === "string") throw new Error(subject);
  let port: number | undefined;
  const service = await subject.start({
    ...subjects.job(argv),
    onLine: (line) => {
      port ??= portIn(line);
    },
  });
  try {
    const known = await until(`the port of the agent in ${way}`, () => port, place.signal);
    return await measureCalls(() => service.connect(known), plan.calls);
  } finally {
    await service.end({ signal: "SIGKILL", graceMs: 0 });
  }
}

const portIn = (text: string): number | undefined => {
  const found = /port (\d+)/.exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
};

function endsOf(byWay: ByWay<readonly Started[]>): ByWay<number[]> {
  return Object.fromEntries(WAYS.map((way) => [way, typeof byWay[way] === "string" ? byWay[way] : byWay[way].map(({ endMs }) => endMs)])) as Record<
    Way,
    number[] | string
  >;
}
