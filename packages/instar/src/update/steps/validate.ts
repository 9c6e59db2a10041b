import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { InstarError, type StageResult } from "@instar/protocol";
import type { Json } from "../../ledger/ledger-entry.ts";
import { removeTree } from "../../platform/durable-files.ts";
import { readAvailableBytes } from "../../platform/memory.ts";
import { readRuntime } from "../../releases/dependency-key.ts";
import { describeDamage } from "../../releases/describe-damage.ts";
import { planLeast } from "../../sandbox/plan-least.ts";
import { decideValidation } from "../../validation/decide-validation.ts";
import { openStageCache } from "../../validation/stages/open-stage-cache.ts";
import { planCacheKey } from "../../validation/stages/plan-cache-key.ts";
import { planStages } from "../../validation/stages/plan-stages.ts";
import type { PlannedStage } from "../../validation/stages/planned-stage.ts";
import type { StagePlace, StagePorts } from "../../validation/stages/run-stage.ts";
import { runStages } from "../../validation/stages/run-stages.ts";
import { type ConfinedJobs, confineJobs } from "../confine-jobs.ts";
import type { Gives } from "../journal-entry.ts";
import { defineStep, type Step, type StepContext } from "../step.ts";
import { type StepRooms, scratchFolderOf, updateLogOf } from "../step-rooms.ts";
import { copyRelease } from "./copy-release.ts";
import { type BuiltInStage, planBuiltInStages } from "./plan-built-in-stages.ts";
import { planJobEnvironment } from "./plan-job-environment.ts";
import { runOldTests } from "./run-old-tests.ts";

/**
 * Puts the candidate through the stages of validation: what earlier steps found out, and the operator's commands, in the sandbox, on copies of the
 * sealed release, away from the agent's state. Looks afterwards whether the release is still what was sealed.
 */
export function validateStep(rooms: StepRooms): Step {
  return defineStep({
    id: "validate",
    version: 1,
    title: "Run the tests",
    interruptible: true,
    probe: async () => ({ found: "absent" }),
    apply: async (context) => {
      const builtIn = planBuiltInStages(context.given, rooms.settings.analysis);
      const stages = planStagesOf(rooms, context, builtIn);
      const hasCommands = stages.some(({ tests, gate }) => tests !== null && gate !== "off");
      if (hasCommands) await assertMemory(rooms);
      const scratch = scratchFolderOf(rooms, context.update, context.attempt);
      await removeTree(scratch);
      try {
        await mkdir(scratch, { recursive: true, mode: 0o700 });
        const round = openRound(rooms, context, scratch, builtIn);
        const { parallel, cache } = rooms.settings.validation;
        const kept = cache && hasCommands ? openStageCache(`${rooms.folder}/cache/validation`, await round.keyOf()) : undefined;
        const results = await runStages(round.ports, stages, { parallel, cache: kept });
        const isBlocked = decideValidation(stages, results).kind === "refused";
        const old = isBlocked ? undefined : await runOldTests(rooms, context, { stages, ports: round.ports });
        context.signal.throwIfAborted();
        const decision = decideValidation(old === undefined ? stages : [...stages, old.stage], old === undefined ? results : [...results, old.result]);
        const given = { ...givesOf([...results, ...(old === undefined ? [] : [old.result])]), ...round.jobs.gives() };
        const intact = await rooms.releases.verify(String(context.given.release));
        if (intact.kind === "damaged")
          return {
            kind: "refused",
            code: "RELEASE_DAMAGED",
            because: `the tests changed the release that they test: ${describeDamage(intact)}`,
            evidence: given,
          };
        if (decision.kind === "refused") return { kind: "refused", code: "VALIDATION_FAILED", because: decision.because, evidence: given };
        return { kind: "done", gives: { ...given, ...testsOf(stages, results, decision.because) } };
      } finally {
        await removeTree(scratch);
      }
    },
    undo: { needless: "it works on copies and removes them itself" },
    describe: (gives) => (gives.tests === "pass" ? String(gives.testsBecause) : `not measured: ${String(gives.testsBecause)}`),
  });
}

/** For the very first version there is none to compare with, and none to stay with: what Instar found out itself only advises. */
function planStagesOf(rooms: StepRooms, { start }: StepContext, builtIn: ReadonlyMap<string, BuiltInStage>): PlannedStage[] {
  const { settings, settingsWritten } = rooms;
  const written = new Set([...settingsWritten].flatMap((key) => (key.startsWith("validation.") ? [key.slice("validation.".length)] : [])));
  // What an agent changed itself has no longer than it was promised.
  const mostMs = start.source === "self" ? (settings.self?.testsWithin ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;
  const stages = planStages({ validation: settings.validation, tests: settings.tests, written, builtIn: new Set(builtIn.keys()) });
  return stages.map((planned) => {
    const stage = planned.tests === null ? planned : { ...planned, withinMs: Math.min(planned.withinMs, mostMs) };
    const own = builtIn.get(stage.stage);
    const isMild = own !== undefined && stage.tests === null && (start.releaseFrom === null || (own.isReportedOnly && !written.has(stage.stage)));
    const minded = isMild && stage.gate === "required" ? { ...stage, gate: "advisory" as const } : stage;
    return REHEARSED.has(stage.stage) && stage.tests === null ? { ...minded, idle: "the rehearsal shows it", isWritten: false } : minded;
  });
}

/** Instar's own part of these is measured a step later, which also holds the operator to what was written down as required. */
const REHEARSED = new Set(["smoke_tests", "performance_tests"]);

/** Below this the tests would fight the agent for memory, and the agent would lose. */
async function assertMemory({ settings }: StepRooms): Promise<void> {
  const needed = settings.tests?.freeMemory ?? 0;
  const available = await readAvailableBytes();
  if (available < needed)
    throw new InstarError(
      "MEMORY_SHORT",
      `${Math.round(available / 1_048_576)} MiB of memory are free; tests beside the running agent need ${Math.round(needed / 1_048_576)}`,
      { transient: true, facts: { available } },
    );
}

interface Round {
  readonly jobs: ConfinedJobs;
  readonly ports: StagePorts;
  readonly keyOf: () => Promise<(stage: PlannedStage) => string | undefined>;
}

function openRound(rooms: StepRooms, context: StepContext, scratch: string, builtIn: ReadonlyMap<string, BuiltInStage>): Round {
  const { settings, releases } = rooms;
  const { update, given, signal, say } = context;
  const tree = releases.treePath(String(given.release));
  const jobs = confineJobs(rooms, { use: "test", readable: [tree, `${rooms.folder}/dependencies`], scratch });
  const own = settings.agent.environment;
  return {
    jobs,
    ports: {
      clock: rooms.clock,
      say: (stage, line) => say(`${stage.replaceAll("_", " ")}: ${line}`),
      run: async (job) => {
        const result = await jobs.runJob({ ...job, logPath: updateLogOf(rooms, update), signal });
        signal.throwIfAborted();
        return result;
      },
      enter: (stage) => enterStage(rooms, join(scratch, stage), tree),
      builtIn: Object.fromEntries([...builtIn].map(([stage, result]) => [stage, async () => result])),
      first: readRequiredTests(given),
    },
    keyOf: async () => {
      const home = join(scratch, "asking");
      await mkdir(join(home, "tmp"), { recursive: true, mode: 0o700 });
      const environment = planJobEnvironment(rooms, home);
      const runtimes = await readRuntime({ runJob: jobs.runJob, cwd: scratch, environment, logPath: updateLogOf(rooms, update) });
      const { sandbox } = await rooms.chooseSandbox("test");
      const told = { ...own, ...settings.sandbox.environment, PATH: environment.PATH ?? "" };
      const least = planLeast("test", settings.sandbox);
      return (stage) =>
        planCacheKey({ releaseDigest: String(given.digest), stage, environment: told, sandbox: { name: sandbox, network: "private", least }, runtimes });
    },
  };
}

/** Each stage has a copy of the candidate that it may write to, a state and a home of its own: stages run at the same time. */
async function enterStage(rooms: StepRooms, folder: string, release: string): Promise<StagePlace> {
  const { settings } = rooms;
  const tree = join(folder, "tree");
  const state = join(folder, "state");
  for (const part of [state, join(folder, "home/tmp")]) await mkdir(part, { recursive: true, mode: 0o700 });
  await copyRelease(release, tree, settings.install?.produces ?? []);
  return {
    tree,
    scratch: join(folder, "runs"),
    environment: {
      ...planJobEnvironment(rooms, join(folder, "home")),
      ...settings.agent.environment,
      ...(settings.state.variable === undefined ? {} : { [settings.state.variable]: state }),
    },
    values: { release: tree, state },
    leave: () => removeTree(folder),
  };
}

function readRequiredTests({ impact }: Gives): readonly string[] {
  const first = (impact as { requiredTests?: { first?: unknown } } | undefined)?.requiredTests?.first;
  return Array.isArray(first) ? first.filter((path) => typeof path === "string") : [];
}

function givesOf(results: readonly StageResult[]): Gives {
  return { stages: JSON.parse(JSON.stringify(results)) as Json };
}

/** What `decide` goes by: tests of the operator's must have run and passed. What Instar looks at itself is no test of the agent. */
function testsOf(stages: readonly PlannedStage[], results: readonly StageResult[], because: string): Gives {
  const own = results.filter((result) => stages.some(({ stage, tests, gate }) => stage === result.stage && tests !== null && gate !== "off"));
  if (own.some(({ verdict }) => verdict === "pass")) return { tests: "pass", testsBecause: because };
  return { tests: "nodata", testsBecause: own[0]?.because ?? "instar.yaml names no tests" };
}
