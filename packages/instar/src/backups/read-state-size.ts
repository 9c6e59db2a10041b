import { walkTree } from "../store/walk-tree.ts";
import { OWN_NAMES } from "./own-names.ts";

/**
 * Bytes in a state folder: what a copy of it needs at most. Hard links count once, holes as if they were full. 0 where there
 * is no folder.
 */
export async function readStateSize(folder: string, signal?: AbortSignal): Promise<number> {
  const sizes = new Map<string, number>();
  for (const entry of await walkTree(folder, { signal, leaveOut: OWN_NAMES })) if (entry.kind === "file") sizes.set(`${entry.dev}:${entry.ino}`, entry.size);
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}
