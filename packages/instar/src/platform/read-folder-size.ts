import { readdirSync, statSync } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";

/** An empty file takes an inode: a job that makes a million of them is seen too. */
const ENTRY_BYTES = 512;

/**
 * What lies in a folder occupies on its disk, in bytes; symbolic links are not followed, a file with several names counts once, and what vanishes
 * while it is looked at counts nothing. Stops once `enough` is passed, so that a hostile tree costs no more than that.
 */
export async function readFolderSize(folder: string, enough = Number.POSITIVE_INFINITY): Promise<number> {
  const seen = new Set<string>();
  const waiting = [folder];
  let bytes = 0;
  for (let next = waiting.pop(); next !== undefined && bytes <= enough; next = waiting.pop()) {
    const inside = next;
    const names = await readdir(inside, { withFileTypes: true }).catch(() => []);
    for (let at = 0; at < names.length && bytes <= enough; at += 64) {
      const found = await Promise.all(names.slice(at, at + 64).map(async (entry) => lstat(join(inside, entry.name)).catch(() => undefined)));
      for (const stats of found) {
        if (stats === undefined || (stats.nlink > 1 && !stats.isDirectory() && !isNew(seen, `${stats.dev}:${stats.ino}`))) continue;
        bytes += stats.blocks * 512 + ENTRY_BYTES;
      }
    }
    for (const entry of names) if (entry.isDirectory()) waiting.push(join(inside, entry.name));
  }
  return bytes;
}

/**
 * Bytes in files on the disk of `folder` that have no name any more and are held open by these processes: they take space that no listing
 * shows. Linux only, 0 elsewhere. A file that is only mapped is not seen.
 */
export function readUnlinkedBytes(pids: readonly number[], folder: string): number {
  if (process.platform !== "linux") return 0;
  const seen = new Set<string>();
  let bytes = 0;
  try {
    const { dev } = statSync(folder);
    for (const pid of pids)
      for (const path of descriptorsOf(pid)) {
        const stats = statSync(path, { throwIfNoEntry: false });
        if (stats?.nlink === 0 && stats.isFile() && stats.dev === dev && isNew(seen, `${stats.ino}`)) bytes += stats.blocks * 512;
      }
  } catch {
    // The folder, a process or a descriptor went away while it was looked at: the next look tells.
  }
  return bytes;
}

function descriptorsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((name) => `/proc/${pid}/fd/${name}`);
  } catch {
    return [];
  }
}

function isNew(seen: Set<string>, key: string): boolean {
  const before = seen.size;
  return seen.add(key).size > before;
}
