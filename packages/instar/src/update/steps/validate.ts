import { chmod, cp, mkdir, readdir, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { InstarError } from "@instar/protocol";
import { removeTree } from "../../platform/durable-files.ts";
import { readAvailableBytes } from "../../platform/memory.ts";
import { describeDamage } from "../../releases/describe-damage.ts";
import { planCommand } from "../../settings/plan-command.ts";
import { decideTests } from "../../validation/decide-tests.ts";
import { defineStep, type Step } from "../step.ts";
import { type StepRooms, scratchFolderOf, updateLogOf } from "../step-rooms.ts";
import { planJobEnvironment } from "./plan-job-environment.ts";

/**
 * Runs the candidate's tests on a copy of the sealed release, away from the agent's state, and looks afterwards whether the
 * release is still what was sealed.
 */
export function validateStep(rooms: StepRooms): Step {
  const { settings, releases } = rooms;
  return defineStep({
    id: "validate",
    version: 1,
    title: "Run the tests",
    interruptible: true,
    probe: async () => ({ found: "absent" }),
    apply: async ({ update, attempt, given, signal, say }) => {
      if (settings.tests === undefined) return { kind: "done", gives: { tests: "nodata", testsBecause: "instar.yaml names no tests" } };
      const available = await readAvailableBytes();
      // Below this the tests would fight the agent for memory, and the agent would lose.
      if (available < settings.tests.freeMemory)
        throw new InstarError(
          "MEMORY_SHORT",
          `${Math.round(available / 1_048_576)} MiB of memory are free; tests beside the running agent need ${settings.tests.freeMemory / 1_048_576}`,
          {
            transient: true,
            facts: { available },
          },
        );
      const release = String(given.release);
      const scratch = scratchFolderOf(rooms, update, attempt);
      await removeTree(scratch);
      try {
        await copyForTests(releases.treePath(release), scratch, settings.install?.produces ?? []);
        const result = await rooms.runJob({
          argv: planCommand(settings.tests.command, { release: join(scratch, "tree"), state: join(scratch, "state") }),
          cwd: join(scratch, "tree"),
          environment: {
            ...planJobEnvironment(rooms, join(scratch, "home")),
            ...settings.agent.environment,
            ...(settings.state.variable === undefined ? {} : { [settings.state.variable]: join(scratch, "state") }),
          },
          timeoutMs: settings.tests.within,
          logPath: updateLogOf(rooms, update),
          title: "tests",
          signal,
          onLine: say,
        });
        signal.throwIfAborted();
        const decision = decideTests(result, settings.tests.within);
        const intact = await releases.verify(release);
        if (intact.kind === "damaged")
          return {
            kind: "refused",
            code: "RELEASE_DAMAGED",
            because: `the tests changed the release that they test: ${describeDamage(intact)}`,
          };
        if (decision.verdict !== "pass") return { kind: "refused", code: "VALIDATION_FAILED", because: decision.because };
        return { kind: "done", gives: { tests: "pass", testsBecause: decision.because } };
      } finally {
        await removeTree(scratch);
      }
    },
    undo: { needless: "it works on a copy and removes it itself" },
    describe: (gives) => (gives.tests === "pass" ? String(gives.testsBecause) : `not measured: ${String(gives.testsBecause)}`),
  });
}

/** A copy that tests may write to. Installed dependencies are large and are linked: they are read-only in the release. */
async function copyForTests(tree: string, scratch: string, produced: readonly string[]): Promise<void> {
  const copy = join(scratch, "tree");
  for (const folder of ["state", "home/tmp"]) await mkdir(join(scratch, folder), { recursive: true });
  const linked = new Set(produced.map((path) => join(tree, path)));
  await cp(tree, copy, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true, filter: (from) => !linked.has(from) });
  await makeWritable(copy);
  for (const path of produced) {
    await mkdir(dirname(join(copy, path)), { recursive: true });
    await symlink(join(tree, path), join(copy, path)).catch(() => undefined);
  }
}

async function makeWritable(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) if (entry.isDirectory()) await makeWritable(join(folder, entry.name));
}
