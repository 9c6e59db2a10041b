import { join } from "node:path";
import type { PartRoot } from "../backups/backup-parts.ts";
import { type ConfigFile, compareConfig, digestOf } from "../backups/compare-config.ts";
import type { SnapshotInfo } from "../backups/snapshot-store.ts";
import { makePrivateFolder, removeTree } from "../platform/durable-files.ts";
import type { StepRooms } from "./step-rooms.ts";
import { stagingFolderOf } from "./take-backup.ts";

/**
 * What of the configuration differs from a backup, with the backup's files laid out where they can be read; `act` sees them, and they are gone afterwards.
 *
 * @param key of the staging folder
 */
export async function withBackupConfig<T>(
  rooms: StepRooms,
  backup: SnapshotInfo,
  key: string,
  act: (differing: readonly ConfigFile[]) => Promise<T>,
): Promise<T> {
  const folder = stagingFolderOf(rooms, key);
  await removeTree(folder);
  await makePrivateFolder(folder);
  try {
    const differing: ConfigFile[] = [];
    for (const [index, { name, path }] of configRootsOf(rooms, backup).entries()) {
      const kept = join(folder, String(index));
      await rooms.snapshots.writePart(backup.id, "config", name, kept);
      differing.push(...(await compareConfig(kept, path)));
    }
    return await act(differing);
  } finally {
    await removeTree(folder);
  }
}

/** Where each part of a kept configuration belongs today: from instar.yaml's folder, which may have moved, or where it was. */
function configRootsOf({ settingsFolder }: Pick<StepRooms, "settingsFolder">, backup: SnapshotInfo): PartRoot[] {
  const part = backup.state === "whole" ? backup.parts.find(({ component }) => component === "config") : undefined;
  return (part?.roots ?? []).map(({ name }) => ({
    name,
    path: name.startsWith("outside/") ? (part?.about[`path of ${name}`] ?? join(settingsFolder, name)) : join(settingsFolder, name),
  }));
}

/** What Instar itself wrote last: a file that still is so was changed by nobody. */
const FACT = "config-written";

export function isOwnWriting({ facts }: Pick<StepRooms, "facts">, { path, now }: ConfigFile): boolean {
  return now !== undefined && facts.read<Record<string, string>>(FACT)?.[path] === now;
}

export function rememberOwnWriting({ facts }: Pick<StepRooms, "facts">, path: string, bytes: Uint8Array): void {
  facts.write(FACT, { ...facts.read<Record<string, string>>(FACT), [path]: digestOf(bytes) });
}
