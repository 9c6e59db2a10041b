import { InstarError } from "@instar/protocol";
import { readDatabaseSize } from "../../backups/read-database-size.ts";
import { findBackup } from "../find-backup.ts";
import { isOwnWriting, withBackupConfig } from "../read-backup-config.ts";
import { readRestoreRoom } from "../read-restore-room.ts";
import { defineStep, type Step } from "../step.ts";
import type { StepRooms } from "../step-rooms.ts";
import { openDatabaseRoom } from "../take-backup.ts";
import { recordOf } from "./read-running.ts";

/** The first step of restoring: the backup is what was written, there is room for it, and it overwrites nothing that a person changed. */
export function checkBackupStep(rooms: StepRooms): Step {
  return defineStep({
    id: "check-backup",
    version: 1,
    title: "Check that the backup is what was written",
    interruptible: true,
    probe: async () => ({ found: "absent" }),
    apply: async ({ update, start, signal, say }) => {
      const asked = start.overrides.restore;
      const release = start.existingRelease ?? "";
      if (asked === undefined) return { kind: "refused", code: "INPUT_INVALID", because: "it says no backup to restore" };
      const backup = await findBackup(rooms, asked.backup);
      if (backup === undefined) return { kind: "refused", code: "NOT_FOUND", because: `backup ${asked.backup} is no longer there` };
      if ((await recordOf(rooms, release)) === undefined) return { kind: "refused", code: "NOT_FOUND", because: `release ${release} is no longer on disk` };
      say("restoring it aside and comparing every byte");
      const verdict = await rooms.snapshots.verify(asked.backup, { signal });
      if (verdict.kind === "damaged")
        return {
          kind: "refused",
          code: "SNAPSHOT_DAMAGED",
          because: `backup ${asked.backup} is not what was written: ${verdict.paths.slice(0, 5).join(", ")}`,
        };
      const { needsBytes, freeBytes } = await readRestoreRoom(rooms, backup, asked.components);
      if (freeBytes < needsBytes)
        return {
          kind: "refused",
          code: "DISK_FULL",
          because: `${needsBytes} bytes are needed to build it aside and to keep today's, and ${freeBytes} are free`,
        };
      const down = asked.components.includes("database") ? await findSilentDatabase(rooms, signal) : undefined;
      if (down !== undefined) return { kind: "refused", code: "BACKUP_FAILED", because: down };
      if (asked.components.includes("config") && !asked.overwriteConfig) {
        const changed = await withBackupConfig(rooms, backup, `${update}-check`, async (files) => files.filter((file) => !isOwnWriting(rooms, file)));
        if (changed.length > 0)
          return {
            kind: "refused",
            code: "CONFLICT",
            because: `somebody changed ${changed.map(({ path }) => path).join(", ")} since: --overwrite-config replaces that too, and keeps today's in a backup`,
          };
      }
      return { kind: "done", gives: { release, restores: asked.backup } };
    },
    undo: { needless: "it only reads" },
    describe: (gives) => `backup ${String(gives.restores)} is intact`,
  });
}

/** Asked before requests wait: what does not answer now will not be restored then. */
async function findSilentDatabase(rooms: StepRooms, signal: AbortSignal): Promise<string | undefined> {
  const room = await openDatabaseRoom(rooms, signal);
  for (const database of rooms.settings.backup.databases)
    try {
      await readDatabaseSize(database, room);
    } catch (error) {
      signal.throwIfAborted();
      if (!InstarError.is(error)) throw error;
      return error.message;
    }
  return undefined;
}
