import { mkdir } from "node:fs/promises";
import { defineStep, type Step, type StepContext } from "../step.ts";
import type { StepRooms } from "../step-rooms.ts";
import { sourceCommitOf } from "./source-commit.ts";

/** Puts the commit's files where the release will live for good: many builds write their own path into what they make. */
export function stageStep({ releases, source }: StepRooms): Step {
  return defineStep({
    id: "stage",
    version: 1,
    title: "Put the files where the release will live",
    interruptible: true,
    // Each attempt has a folder of its own, so what a dead daemon or its git may still write harms nobody.
    probe: async () => ({ found: "absent" }),
    apply: async (context) => {
      const release = releaseIdOf(context);
      await mkdir(releases.treePath(release), { recursive: true, mode: 0o755 });
      await source.writeTree(sourceCommitOf(context), releases.treePath(release), context.signal);
      return { kind: "done", gives: { release } };
    },
    undo: async ({ given }) => {
      if (typeof given.release === "string") await releases.remove(given.release);
      return {};
    },
    describe: (gives) => `release ${String(gives.release)}`,
  });
}

function releaseIdOf({ start, update, attempt }: StepContext): string {
  const version = start.versionTo.replace(/[^A-Za-z0-9.-]/g, "-").slice(0, 40);
  return `${version}-${update.slice(0, 8)}-${attempt}`;
}
