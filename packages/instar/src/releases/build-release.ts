import { planCommand } from "../settings/plan-command.ts";
import type { Settings } from "../settings/settings.ts";
import { type BuildJobs, runBuildJob } from "./run-build-job.ts";

export interface Build extends BuildJobs {
  readonly settings: Pick<Settings, "build">;
  /** The release's tree, at the path where it will run: many builds write that path into what they make. */
  readonly tree: string;
}

/** Runs build.command at the tree's root; without one there is nothing to do. @throws as runBuildJob does */
export async function buildRelease(build: Build): Promise<void> {
  const { settings, tree } = build;
  if (settings.build === undefined) return;
  await runBuildJob(build, {
    argv: planCommand(settings.build.command, { release: tree }),
    cwd: tree,
    timeoutMs: settings.build.within,
    title: "building the release",
  });
}
