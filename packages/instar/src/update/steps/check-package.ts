import { join } from "node:path/posix";
import { decidePackage } from "../../sources/decide-package.ts";
import { defineStep, type Step } from "../step.ts";
import type { StepRooms } from "../step-rooms.ts";
import { commitOf } from "./read-running.ts";

const PACKAGE_JSON_LIMIT_BYTES = 1_048_576;

/** Asks whether the source is acceptable before anything of it is written to disk or runs. */
export function checkPackageStep(rooms: StepRooms): Step {
  const { source, settings } = rooms;
  return defineStep({
    id: "check-package",
    version: 1,
    title: "Check that the source is acceptable",
    interruptible: true,
    probe: async () => ({ found: "absent" }),
    apply: async ({ start, signal }) => {
      const running = await commitOf(rooms, start.releaseFrom);
      // By hand, and going back, a person knows where to.
      if (running !== null && start.trigger !== "by-hand" && start.trigger !== "rollback" && (await isRewritten(source, running, start.commit)))
        return {
          kind: "refused",
          code: "SOURCE_REWRITTEN",
          because: `${start.ref} no longer contains ${running.slice(0, 10)}, which runs now: its history was rewritten. \`instar update apply\` takes it all the same`,
        };
      const entries = await source.listTree(start.commit, signal);
      const packageJson = await source.readFile(start.commit, join(settings.agent.directory, "package.json"), PACKAGE_JSON_LIMIT_BYTES);
      const decision = decidePackage({
        entries,
        startCommand: settings.agent.start,
        agentDirectory: settings.agent.directory,
        packageJson: packageJson?.toString("utf8"),
        produces: settings.install?.produces ?? [],
        hasBuild: settings.build !== undefined,
      });
      if (decision.kind === "refused") return { kind: "refused", code: "PACKAGE_REFUSED", because: decision.because };
      return { kind: "done", gives: { sourceFiles: entries.length, sourceBytes: entries.reduce((sum, entry) => sum + (entry.sizeBytes ?? 0), 0) } };
    },
    undo: { needless: "it only reads" },
    describe: (gives) => `${String(gives.sourceFiles)} files, nothing that may not be there`,
  });
}

/** What another source brought has no history: there nothing can have been rewritten. */
async function isRewritten(source: StepRooms["source"], running: string, commit: string): Promise<boolean> {
  if (await source.isAncestor(running, commit)) return false;
  return !(await source.isImported(running)) && !(await source.isImported(commit));
}
