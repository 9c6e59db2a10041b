import { mkdir } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { InstarError } from "@instar/protocol";
import { removeTree } from "../../platform/durable-files.ts";
import { buildRelease } from "../../releases/build-release.ts";
import { installDependencies } from "../../releases/install-dependencies.ts";
import { planRegistries } from "../../releases/plan-registries.ts";
import { classifyBump } from "../../sources/classify-bump.ts";
import { confineJobs } from "../confine-jobs.ts";
import { defineStep, type Step } from "../step.ts";
import { type StepRooms, updateLogOf } from "../step-rooms.ts";
import { planJobEnvironment } from "./plan-job-environment.ts";
import { recordOf } from "./read-running.ts";
import { sourceCommitOf } from "./source-commit.ts";

/** Installs, builds and seals. The digest of the tree *after* all that is what is judged, exchanged and quarantined. */
export function buildStep(rooms: StepRooms): Step {
  const { releases, source, settings } = rooms;
  return defineStep({
    id: "build",
    version: 1,
    title: "Install, build and seal the release",
    interruptible: true,
    probe: async ({ given }) => {
      const record = await recordOf(rooms, String(given.release));
      if (record === undefined) return { found: "absent" };
      return { found: "present", gives: { digest: record.digest, files: record.files, sizeBytes: record.sizeBytes } };
    },
    apply: async ({ update, start, given, attempt, signal, say }) => {
      const release = String(given.release);
      const tree = releases.treePath(release);
      if (attempt > 1) {
        // A dead daemon's build may have left half of anything here.
        await removeTree(tree);
        await mkdir(tree, { recursive: true, mode: 0o755 });
        await source.writeTree(sourceCommitOf({ start, given }), tree, signal);
      }
      const home = `${rooms.scratchFolder}/${update}-home`;
      await mkdir(`${home}/tmp`, { recursive: true });
      const dependenciesFolder = `${rooms.folder}/dependencies`;
      await mkdir(dependenciesFolder, { recursive: true, mode: 0o700 });
      const job = { environment: planJobEnvironment(rooms, home), logPath: updateLogOf(rooms, update), signal };
      // Installing reaches its registry and runs before anything is built; building reaches nothing.
      const installing = confineJobs(rooms, {
        use: "install",
        readable: rooms.networkTrust?.readable ?? [],
        // Where dependencies are shared, this installation and no other.
        writable: (cwd) => [
          tree,
          ...(cwd.startsWith(`${dependenciesFolder}/`) ? [join(dependenciesFolder, relative(dependenciesFolder, cwd).split(sep)[0] ?? "")] : []),
        ],
        scratch: home,
        network: { kind: "registries", hosts: planRegistries(settings.install?.command ?? [], settings.install?.registries) },
      });
      const trusted = { ...job.environment, ...rooms.networkTrust?.environment };
      const dependencies = await installDependencies({ ...job, environment: trusted, runJob: installing.runJob, settings, tree, folder: dependenciesFolder });
      say(dependencies.said);
      const building = confineJobs(rooms, { use: "build", readable: [dependenciesFolder], writable: [tree], scratch: home });
      await buildRelease({ ...job, runJob: building.runJob, settings, tree });
      const previous = await recordOf(rooms, start.releaseFrom);
      const facts = await source.readCommit(start.commit, { directory: settings.agent.directory, since: previous?.commit });
      const record = await releases.seal(
        release,
        {
          version: start.versionTo,
          commit: start.commit,
          ...(typeof given.merged === "string" ? { merged: given.merged } : {}),
          author: facts.author,
          at: facts.at,
          changes: [...facts.changes],
          updateType: start.versionFrom === null ? "none" : classifyBump(start.versionFrom, start.versionTo),
          previous: start.releaseFrom,
          wayBack: await wayBackOf(rooms, start.wayBack),
          settingsDigest: rooms.settingsDigest,
        },
        { previous: previous?.id ?? null },
      );
      const misbehaved = rooms.quarantined(record.digest);
      if (misbehaved !== undefined && !start.overrides.quarantined)
        return {
          kind: "refused",
          code: "QUARANTINED",
          because: `this very release misbehaved before: ${misbehaved}. \`instar update apply --quarantined\` tries it again`,
        };
      return { kind: "done", gives: { digest: record.digest, files: record.files, sizeBytes: record.sizeBytes, ...installing.gives(), ...building.gives() } };
    },
    undo: { needless: "the release's files go with the folder that 'stage' made" },
    describe: (gives) => `${String(gives.digest).slice(0, 19)}…, ${String(gives.files)} files, ${Math.round(Number(gives.sizeBytes) / 1024)} KiB`,
  });
}

async function wayBackOf(rooms: StepRooms, wayBack: string | null): Promise<{ release: string; commit: string } | null> {
  if (wayBack === null) return null;
  const record = await recordOf(rooms, wayBack);
  if (record === undefined) throw new InstarError("RELEASE_DAMAGED", `release ${wayBack}, the way back, has no record`, { facts: { release: wayBack } });
  return { release: record.id, commit: record.commit };
}
