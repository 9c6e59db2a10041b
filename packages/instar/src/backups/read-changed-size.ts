import { walkTree } from "../store/walk-tree.ts";

/** Times on disk are as coarse as two seconds (FAT). */
const COARSEST_MS = 2_000;

/** Bytes below a path in files that were changed in any way since a moment: what an incremental backup of it reads at most. 0 where there is nothing. */
export async function readChangedSize(path: string, sinceMs: number, signal?: AbortSignal): Promise<number> {
  const since = BigInt(Math.floor(sinceMs) - COARSEST_MS) * 1_000_000n;
  const sizes = new Map<string, number>();
  for (const entry of await walkTree(path, { signal }))
    if (entry.kind === "file" && (entry.ctimeNs >= since || entry.mtimeNs >= since)) sizes.set(`${entry.dev}:${entry.ino}`, entry.size);
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}
