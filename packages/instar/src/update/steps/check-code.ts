import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type CheckResult, checkResults } from "@instar/protocol";
import { findOwnOxlint, listOwnOxlintFolders } from "../../analysis/checks/find-own-oxlint.ts";
import { planStyleCheck } from "../../analysis/checks/plan-style-check.ts";
import { planTypesCheck } from "../../analysis/checks/plan-types-check.ts";
import { findProgram, readTools, type Tools } from "../../analysis/checks/read-tools.ts";
import { type CheckedTree, type CheckJobs, runCheckJob } from "../../analysis/checks/run-check-job.ts";
import { decideChecks } from "../../governance/decide-checks.ts";
import type { Json } from "../../ledger/ledger-entry.ts";
import { removeTree } from "../../platform/durable-files.ts";
import type { RunJob } from "../../platform/run-job.ts";
import { confineJobs } from "../confine-jobs.ts";
import { defineStep, type Step, type StepContext } from "../step.ts";
import { type StepRooms, scratchFolderOf } from "../step-rooms.ts";
import { copyRelease } from "./copy-release.ts";
import { planJobEnvironment } from "./plan-job-environment.ts";
import { commitOf } from "./read-running.ts";
import { sourceCommitOf } from "./source-commit.ts";

/**
 * Asks the candidate's own compiler and linter about it and about the version that runs, and holds against it what it made worse. They run what
 * the candidate's settings say, so they run as jobs, on copies.
 */
export function checkCodeStep(rooms: StepRooms): Step {
  const { checks } = rooms.settings.analysis;
  return defineStep({
    id: "check-code",
    version: 1,
    title: "Ask its compiler and its linter",
    interruptible: true,
    probe: async () => ({ found: "absent" }),
    apply: async (context) => {
      if (checks.types === "off" && checks.style === "off") return { kind: "done", gives: { codeChecks: [] } };
      const scratch = scratchFolderOf(rooms, context.update, context.attempt);
      await removeTree(scratch);
      try {
        const jobs = confineJobs(rooms, { use: "check", readable: readableOf(rooms, context), scratch });
        const results = await askAbout(rooms, context, scratch, jobs.runJob);
        const { refusedBecause } = decideChecks(results, checks);
        if (refusedBecause !== null && context.start.releaseFrom !== null) return { kind: "refused", code: "VALIDATION_FAILED", because: refusedBecause };
        return { kind: "done", gives: { codeChecks: JSON.parse(JSON.stringify(results)) as Json, ...jobs.gives() } };
      } finally {
        await removeTree(scratch);
      }
    },
    undo: { needless: "it works on copies and removes them itself" },
    describe: ({ codeChecks }) => {
      const results = checkResults.parse(codeChecks);
      return results.length === 0
        ? "nothing: instar.yaml turns it off"
        : results.map(({ check, verdict, because }) => `${check} ${verdict}: ${because}`).join("; ");
    },
  });
}

/** The installed dependencies of both versions, which the copies link to, and our own linter on our own Node. */
function readableOf(rooms: StepRooms, { start, given }: StepContext): string[] {
  const releases = [String(given.release), ...(start.releaseFrom === null ? [] : [start.releaseFrom])].map((release) => rooms.releases.treePath(release));
  return [...releases, `${rooms.folder}/dependencies`, ownLinter().node, ...listOwnOxlintFolders()];
}

async function askAbout(rooms: StepRooms, context: StepContext, scratch: string, runJob: RunJob): Promise<CheckResult[]> {
  const { settings } = rooms;
  const { checks } = settings.analysis;
  const { start, given, signal, say } = context;
  const running = await commitOf(rooms, start.releaseFrom);
  const changes = await rooms.source.diff(running, sourceCommitOf(context), signal);
  const after = await copyOf(rooms, String(given.release), join(scratch, "after"));
  const before = start.releaseFrom === null || running === null ? null : await copyOf(rooms, start.releaseFrom, join(scratch, "before"));
  const renames = new Map(changes.flatMap(({ path, from }) => (from === undefined ? [] : [[path, from] as const])));
  const home = join(scratch, "home");
  await mkdir(join(home, "tmp"), { recursive: true });
  const jobs: CheckJobs = { runJob, environment: planJobEnvironment(rooms, home), timeoutMs: checks.within, signal };

  const results: CheckResult[] = [];
  if (checks.types !== "off") {
    const node = (await findProgram("node", pathOf(rooms))) ?? "node";
    const plan = (copy: Copy, name: string): CheckedTree => ({
      tree: copy.tree,
      scratch: join(scratch, name),
      planned: planTypesCheck({ tree: copy.tree, ...typesOf(copy.tools), node }),
    });
    results.push(await runCheckJob(jobs, { check: "types", before: before && plan(before, "types-before"), after: plan(after, "types-after"), renames }));
  }
  if (checks.style !== "off") results.push(...(await askStyle({ jobs, scratch, before, after, changes, renames })));
  for (const { check, verdict, because } of results) say(`${check}: ${verdict}: ${because}`);
  return results;
}

interface StyleRound {
  readonly jobs: CheckJobs;
  readonly scratch: string;
  readonly before: Copy | null;
  readonly after: Copy;
  readonly changes: readonly { readonly path: string; readonly from?: string; readonly status: string }[];
  readonly renames: ReadonlyMap<string, string>;
}

/** One result a language. The version before is asked by the linter of its own choice, about the same files under their old names. */
async function askStyle({ jobs, scratch, before, after, changes, renames }: StyleRound): Promise<CheckResult[]> {
  const files = {
    after: changes.filter(({ status }) => status !== "deleted").map(({ path }) => path),
    before: changes.filter(({ status }) => status !== "added").map(({ path, from }) => from ?? path),
  };
  const plan = (copy: Copy, which: "before" | "after") => {
    const folder = join(scratch, `style-${which}`);
    return planStyleCheck({
      tree: copy.tree,
      files: files[which],
      rootFiles: copy.tools.rootFiles,
      programs: copy.tools.programs,
      own: ownLinter(),
      scratch: folder,
    }).map((planned, index): CheckedTree => ({ tree: copy.tree, scratch: index === 0 ? folder : `${folder}-${index}`, planned }));
  };
  const old = before === null ? [] : plan(before, "before");
  const results: CheckResult[] = [];
  for (const fresh of plan(after, "after")) {
    const same = old.find(({ planned }) => toolOf(planned) === toolOf(fresh.planned)) ?? null;
    results.push(await runCheckJob(jobs, { check: "style", before: same, after: fresh, renames }));
  }
  return results;
}

const toolOf = (planned: CheckedTree["planned"]) => ("tool" in planned ? planned.tool : "");

interface Copy {
  readonly tree: string;
  readonly tools: Tools;
}

async function copyOf(rooms: StepRooms, release: string, tree: string): Promise<Copy> {
  await copyRelease(rooms.releases.treePath(release), tree, rooms.settings.install?.produces ?? []);
  return { tree, tools: await readTools(tree, pathOf(rooms)) };
}

const pathOf = ({ settings }: StepRooms) => settings.agent.path ?? ["/usr/local/bin", "/usr/bin", "/bin"];

function typesOf({ rootFiles, typescript }: Tools): { hasTsconfig: boolean; tscPath: string | null; tscVersion: string | null } {
  return { hasTsconfig: rootFiles.has("tsconfig.json"), tscPath: typescript?.path ?? null, tscVersion: typescript?.version ?? null };
}

let own: { node: string; oxlint: string; version: string } | undefined;
/** Ours, on our own Node: it reads the candidate and runs nothing of it. */
function ownLinter(): { node: string; oxlint: string; version: string } {
  if (own !== undefined) return own;
  const oxlint = findOwnOxlint();
  const { version } = JSON.parse(readFileSync(join(oxlint, "../../package.json"), "utf8")) as { version: string };
  own = { node: process.execPath, oxlint, version };
  return own;
}
