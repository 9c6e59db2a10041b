import { constants } from "node:fs";
import { cp, mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import { copyLiveState } from "../../backups/copy-live-state.ts";
import { planAgentEnvironment } from "../../settings/plan-agent-environment.ts";
import { planCommand } from "../../settings/plan-command.ts";
import { readEnvironmentFile } from "../../settings/read-environment-file.ts";
import { environmentFileOf, slotOf } from "../exchange.ts";
import type { StepContext } from "../step.ts";
import { type StepRooms, updateLogOf } from "../step-rooms.ts";

/**
 * A copy of the live state while the agent goes on, by the agent's own way where instar.yaml names one. Null where it has no folder of its own.
 *
 * @throws InstarError BACKUP_FAILED, DISK_FULL
 */
export async function copyRehearsedState(rooms: StepRooms, context: StepContext, to: string): Promise<string | null> {
  const { stateDirectory, settings } = rooms;
  if (stateDirectory === null) return null;
  if (settings.state.copy !== undefined && context.start.releaseFrom !== null) {
    await mkdir(to, { recursive: true, mode: 0o700 });
    await runCopyCommand(rooms, context, to, settings.state.copy);
    return to;
  }
  if ((await stat(stateDirectory).catch(() => undefined)) === undefined) {
    await mkdir(to, { recursive: true, mode: 0o700 });
    return to;
  }
  const made = await copyLiveState(stateDirectory, to, context.signal);
  context.say(`the state is copied: ${made.files} files, ${made.databases} of them databases`);
  return to;
}

/** A copy of a copy: nothing writes to either, so blocks are shared where the file system can. */
export async function copyCopy(from: string | null, to: string): Promise<string | null> {
  if (from === null) return null;
  await cp(from, to, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true, mode: constants.COPYFILE_FICLONE });
  return to;
}

/** The serving release's own program, in its own environment: it is the agent that knows how to be quiet. It ran before this update came. */
async function runCopyCommand(rooms: StepRooms, context: StepContext, to: string, { run, within }: { run: string | string[]; within: number }): Promise<void> {
  const { settings, stateDirectory } = rooms;
  const release = String(context.start.releaseFrom);
  const report = await rooms.keeper.state();
  const name = slotOf(report, release);
  const port = name === undefined ? null : report.slots[name].port;
  const tree = rooms.releases.treePath(release);
  const file = environmentFileOf(rooms);
  const result = await rooms.runJob({
    argv: [
      ...(await rooms.slotPrefix(release, { writable: [to] })),
      ...planCommand(run, { release: tree, copy: to, ...(stateDirectory === null ? {} : { state: stateDirectory }), ...(port === null ? {} : { port }) }),
    ],
    cwd: join(tree, settings.agent.directory),
    environment: planAgentEnvironment({
      settings,
      release: { id: release, version: context.start.versionFrom ?? "" },
      inherited: rooms.inherited,
      ...(port === null ? {} : { port }),
      ...(stateDirectory === null ? {} : { stateDirectory }),
      ...(file === null ? {} : { environmentFile: await readEnvironmentFile(file) }),
    }),
    timeoutMs: within,
    logPath: updateLogOf(rooms, context.update),
    title: "copying the state by state.copy",
    signal: context.signal,
    onLine: context.say,
  });
  context.signal.throwIfAborted();
  if (result.kind === "exited" && result.status === 0) return;
  throw new InstarError("BACKUP_FAILED", `state.copy did not make a copy: ${result.kind === "exited" ? `it exited with ${result.status}` : result.kind}`, {
    cause: new Error(result.tail),
    facts: { log: updateLogOf(rooms, context.update) },
    transient: true,
  });
}
