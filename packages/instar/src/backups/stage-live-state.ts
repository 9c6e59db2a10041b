import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { locate, type RawPath, renderRaw } from "../store/raw-path.ts";
import { walkTree } from "../store/walk-tree.ts";
import type { LiveRoot } from "./backup-parts.ts";
import { copyDatabase } from "./copy-live-database.ts";
import { beginsAsDatabase } from "./copy-live-databases.ts";
import { OWN_NAMES } from "./own-names.ts";

/**
 * What of a state cannot be read as it lies there while the agent writes: its SQLite databases. Each is copied as of one moment; all else is left for
 * reading in place, so that what did not change since the last backup is neither copied nor read.
 *
 * @param root real; @param to where nothing is yet
 * @throws InstarError BACKUP_FAILED, DISK_FULL; the signal's reason
 */
export async function stageLiveState(root: string, to: string, signal?: AbortSignal): Promise<LiveRoot> {
  const instead = new Map<RawPath, string>();
  const without = new Set<RawPath>();
  mkdirSync(to, { recursive: true, mode: 0o700 });
  for (const entry of await walkTree(root, { signal, leaveOut: OWN_NAMES })) {
    const path = locate(root, entry.path);
    if (entry.kind !== "file" || entry.size < 512 || !beginsAsDatabase(path)) continue;
    const copy = join(to, String(instead.size));
    await copyDatabase(renderRaw(path.toString("latin1")), copy, { signal });
    instead.set(entry.path, copy);
    for (const side of SIDES) without.add(entry.path + side);
  }
  return { instead, without };
}

/** What SQLite keeps beside a database is of its own moment: the copy has it in it. */
const SIDES = ["-wal", "-shm", "-journal"] as const;
