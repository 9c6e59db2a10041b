import { matchesWildcard } from "./match-glob.ts";
import { isPythonPath } from "./module-facts.ts";
import { folderOf } from "./resolve-alias.ts";

/** A name that so many files bear says nothing about which one is read. They then stay unexplained, which counts as affecting everything. */
const MOST = 100;

/**
 * Which files that are no modules a module reads, by the names in its text: `system.md` finds `prompts/system.md`. Where one lies at that very
 * place, seen from the module or from a folder above it, it is that one; else every file whose path ends so.
 */
export function createReadFinder(paths: readonly string[], isModule: Uint8Array): (from: string, names: readonly string[]) => number[] {
  const byPath = new Map<string, number>();
  const byName = new Map<string, number[]>();
  const byEnding = new Map<string, number[]>();
  const hasPython = paths.some(isPythonPath);
  paths.forEach((path, id) => {
    // A program of JavaScript may be started by one of Python, and the other way round.
    if (isModule[id] === 1 && !hasPython) return;
    const name = path.slice(path.lastIndexOf("/") + 1);
    byPath.set(path, id);
    push(byName, name, id);
    push(byEnding, name.slice(name.lastIndexOf(".")), id);
  });
  const known = new Map<string, readonly number[]>();

  return (from, names) => names.flatMap((name) => findAt(from, name) ?? findAnywhere(name));

  function findAt(from: string, name: string): readonly number[] | undefined {
    if (name.includes("*") || !byName.has(name.slice(name.lastIndexOf("/") + 1))) return undefined;
    for (let folder = folderOf(from); ; folder = folderOf(folder)) {
      const id = byPath.get(folder === "" ? name : `${folder}/${name}`);
      if (id !== undefined) return [id];
      if (folder === "") return undefined;
    }
  }
  function findAnywhere(name: string): readonly number[] {
    const before = known.get(name);
    if (before !== undefined) return before;
    const last = name.slice(name.lastIndexOf("/") + 1);
    const candidates = (name.includes("*") ? byEnding.get(last.slice(last.lastIndexOf("."))) : byName.get(last)) ?? [];
    const found = candidates.filter((id) => {
      const path = paths[id] ?? "";
      return name.includes("*") ? matchesWildcard(`/${path}`, `*/${name}`) : path === name || path.endsWith(`/${name}`);
    });
    const few = found.length > MOST ? [] : found;
    known.set(name, few);
    return few;
  }
}

function push(map: Map<string, number[]>, key: string, id: number): void {
  const ids = map.get(key);
  if (ids === undefined) map.set(key, [id]);
  else ids.push(id);
}
