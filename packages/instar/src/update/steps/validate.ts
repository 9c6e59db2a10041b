import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import { removeTree } from "../../platform/durable-files.ts";
import { readAvailableBytes } from "../../platform/memory.ts";
import { describeDamage } from "../../releases/describe-damage.ts";
import { planCommand } from "../../settings/plan-command.ts";
import { decideTests } from "../../validation/decide-tests.ts";
import { confineJobs } from "../confine-jobs.ts";
import { defineStep, type Step } from "../step.ts";
import { type StepRooms, scratchFolderOf, updateLogOf } from "../step-rooms.ts";
import { copyRelease } from "./copy-release.ts";
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
        for (const folder of ["state", "home/tmp"]) await mkdir(join(scratch, folder), { recursive: true });
        await copyRelease(releases.treePath(release), join(scratch, "tree"), settings.install?.produces ?? []);
        const jobs = confineJobs(rooms, { use: "test", readable: [releases.treePath(release), `${rooms.folder}/dependencies`], scratch });
        const result = await jobs.runJob({
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
        return { kind: "done", gives: { tests: "pass", testsBecause: decision.because, ...jobs.gives() } };
      } finally {
        await removeTree(scratch);
      }
    },
    undo: { needless: "it works on a copy and removes it itself" },
    describe: (gives) => (gives.tests === "pass" ? String(gives.testsBecause) : `not measured: ${String(gives.testsBecause)}`),
  });
}
