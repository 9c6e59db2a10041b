import { readFreeBytes } from "../../platform/disk-space.ts";
import { findBackup } from "../find-backup.ts";
import { isOwnWriting, withBackupConfig } from "../read-backup-config.ts";
import { defineStep, type Step } from "../step.ts";
import type { StepRooms } from "../step-rooms.ts";
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
      const freeBytes = await readFreeBytes(rooms.folder);
      if (freeBytes < backup.sizeBytes)
        return { kind: "refused", code: "DISK_FULL", because: `${backup.sizeBytes} bytes are needed to build it aside, and ${freeBytes} are free` };
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
