import { dirname } from "node:path/posix";
import { matchesWildcard } from "./match-glob.ts";

/** Where a path of the tree leads: the file's id, and the links on the way, whose change would lead elsewhere. */
export interface Place {
  readonly id: number;
  readonly links: readonly number[];
}

/** Paths of a tree and its links. Pure: nothing is looked up on the disk, so nothing outside can be found. */
export interface TreePaths {
  readonly paths: readonly string[];
  readonly locate: (path: string) => Place | undefined;
  readonly isFolder: (path: string) => boolean;
  /** Ids of everything below a folder, `""` for the root. */
  readonly below: (folder: string) => readonly number[];
  /** Ids of paths that match; `*` stands for any text, slashes too. */
  readonly match: (pattern: string) => readonly number[];
}

/** A chain of links that is longer leads in a circle. */
const MOST_LINKS = 20;

/**
 * @param paths sorted, each once
 * @param links what links say, as written: their targets by path
 */
export function createTreePaths(paths: readonly string[], links: ReadonlyMap<string, string>): TreePaths {
  const ids = new Map(paths.map((path, id) => [path, id]));
  const folders = new Set([""]);
  for (const path of paths) for (let folder = dirname(path); folder !== "." && !folders.has(folder); folder = dirname(folder)) folders.add(folder);

  const locate = (path: string): Place | undefined => {
    const id = ids.get(path);
    return id !== undefined && !links.has(path) ? { id, links: [] } : links.size === 0 ? undefined : followLinks(path);
  };
  function followLinks(start: string): Place | undefined {
    const passed: number[] = [];
    let path: string | undefined = start;
    while (path !== undefined && passed.length <= MOST_LINKS) {
      const link = findLink(path);
      const id = ids.get(link ?? path);
      if (id === undefined) return undefined;
      if (link === undefined) return { id, links: passed };
      passed.push(id);
      path = normalise(`${dirname(link)}/${links.get(link) ?? ""}${path.slice(link.length)}`, links.get(link));
    }
    return undefined;
  }
  /** The shortest part of a path that is a link. */
  function findLink(path: string): string | undefined {
    for (let end = path.indexOf("/"); end !== -1; end = path.indexOf("/", end + 1)) if (links.has(path.slice(0, end))) return path.slice(0, end);
    return links.has(path) ? path : undefined;
  }
  const range = (prefix: string): number[] => {
    const found: number[] = [];
    for (let id = lowerBound(paths, prefix); paths[id]?.startsWith(prefix) === true; id++) found.push(id);
    return found;
  };
  return {
    paths,
    locate,
    isFolder: (path) => folders.has(path),
    below: (folder) => range(folder === "" ? "" : `${folder}/`),
    match: (pattern) => range(pattern.slice(0, pattern.indexOf("*"))).filter((id) => matchesWildcard(paths[id] ?? "", pattern)),
  };
}

function lowerBound(paths: readonly string[], wanted: string): number {
  let [from, to] = [0, paths.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((paths[middle] ?? "") < wanted) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** Without `.` and `..`; undefined where it leaves the root, or where `written` is absolute. */
export function normalise(path: string, written: string = path): string | undefined {
  if (written.startsWith("/") || path.includes("\0")) return undefined;
  const at: string[] = [];
  for (const name of path.split("/")) {
    if (name === "" || name === ".") continue;
    if (name !== "..") at.push(name);
    else if (at.pop() === undefined) return undefined;
  }
  return at.join("/");
}
