import { constants } from "node:fs";
import { cp, mkdir, stat } from "node:fs/promises";
import { copyLiveState } from "../../backups/copy-live-state.ts";
import { runStateCopy } from "../run-state-copy.ts";
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
    await runStateCopy(rooms, {
      release: context.start.releaseFrom,
      version: context.start.versionFrom ?? "",
      to,
      logPath: updateLogOf(rooms, context.update),
      signal: context.signal,
      say: context.say,
    });
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
