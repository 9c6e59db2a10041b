import { isSameTime } from "../store/compare-tree.ts";
import { type RawPath, renderRaw } from "../store/raw-path.ts";
import type { TreeEntry } from "../store/tree-format.ts";
import { walkTree } from "../store/walk-tree.ts";

/** Files of a state folder that are not as a snapshot has them. */
export interface ChangedSince {
  readonly total: number;
  /** The first of them, sorted: new, changed or removed, each with its path. */
  readonly first: readonly string[];
}

const SHOWN = 50;

/**
 * Which files were written since a snapshot: what would no longer be in the state if it went back. By size and time, without reading them: a live state
 * changes while it is read, and this is for people.
 */
export async function listChangedSince(entries: readonly TreeEntry[], folder: string, signal?: AbortSignal): Promise<ChangedSince> {
  const then = new Map<RawPath, TreeEntry>(entries.filter(({ kind }) => kind !== "folder").map((entry) => [entry.path, entry]));
  const changes: string[] = [];
  for (const found of await walkTree(folder, { signal })) {
    if (found.kind === "folder" || found.kind === "special") continue;
    const was = then.get(found.path);
    then.delete(found.path);
    if (was === undefined) changes.push(`new ${renderRaw(found.path)}`);
    else if (!isSameTime(was.mtimeNs, found.mtimeNs) || (was.kind === "file" && was.size !== found.size)) changes.push(`changed ${renderRaw(found.path)}`);
  }
  changes.push(...[...then.keys()].map((path) => `removed ${renderRaw(path)}`));
  return { total: changes.length, first: changes.sort().slice(0, SHOWN) };
}
