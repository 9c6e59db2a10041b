import type { ImportFact, ModuleFacts } from "../module-facts.ts";
import { folderOf } from "../resolve-alias.ts";
import type { Resolution } from "../resolve-import.ts";
import type { TreePaths } from "../tree-paths.ts";
import { indexPythonFolders, joinPath } from "./index-python-folders.ts";
import { STANDARD_LIBRARY } from "./standard-library.ts";

/** `isMissing`: it should be there and is not. Targets alone do not tell: a package without `__init__.py` is there and is no file. */
export interface PythonResolution extends Resolution {
  readonly isMissing: boolean;
}

export interface PythonParts {
  readonly tree: TreePaths;
  readonly links: Iterable<string>;
  /** Of all modules, by id: what others import of a folder tells whether it is the tree's own package. */
  readonly facts: ReadonlyMap<number, Pick<ModuleFacts, "imports">>;
}

const NOTHING: PythonResolution = { targets: [], externals: [], isAnything: false, isMissing: false };

/** A name that more folders bear says nothing about which one is meant. */
const MOST_HOLDERS = 20;
/** Deeper trees and longer names are an attack. */
const DEEPEST = 64;
/** `app.main.Server.start` of a string: what may follow a module. */
const MOST_ATTRIBUTES = 2;

/**
 * Resolves Python's imports among the paths of a tree. Pure: nothing is looked up on the disk.
 *
 * Which folders a program of the tree has in its `sys.path` is not known, so every one counts that it may have: the folders from the importing
 * module up to the root, and `src` in each; where none of them has the name, those of projects, then any. Where several have all of a name,
 * it is each of them. A name from outside is external as `python:<its first part>`: it shares no names with npm's packages.
 */
export function createPythonResolver({ tree, links, facts }: PythonParts): (from: string, fact: ImportFact) => PythonResolution {
  const folders = indexPythonFolders(tree.paths, links);
  const filesAt = new Map<string, readonly number[]>();
  const nearBy = new Map<string, readonly string[]>();
  const known = new Map<string, PythonResolution>();
  let owned: ReadonlySet<string> | undefined;

  return (from, fact) => {
    const key = `${folderOf(from)}\0${fact.kind}\0${fact.isPattern}\0${fact.specifier}`;
    const found = known.get(key) ?? resolve(folderOf(from), fact);
    known.set(key, found);
    return found;
  };

  function resolve(folder: string, { specifier, kind, isPattern }: ImportFact): PythonResolution {
    if (specifier.includes("\0") || specifier.includes("/")) return NOTHING;
    if (isPattern) return resolvePattern(folder, specifier, kind === "python-name");
    if (kind === "python-text") return resolveText(folder, specifier.split("."));
    const { dots, names } = splitName(specifier);
    const taken = kind === "python-name" ? names.pop() : undefined;
    if (dots > 0) return resolveRelative(folder, dots, names, taken);
    return names.length === 0 || names.includes("") || names.length > DEEPEST ? { ...NOTHING, isMissing: true } : resolveAbsolute(folder, names, taken);
  }

  function resolveRelative(folder: string, dots: number, names: readonly string[], taken: string | undefined): PythonResolution {
    const base = climb(folder, dots - 1);
    if (base === undefined || names.length > DEEPEST) return { ...NOTHING, isMissing: taken === undefined };
    const found = walk(base, names);
    const targets = [...listPackageFiles(base), ...found.targets];
    if (found.depth < names.length) return { ...NOTHING, targets, isMissing: taken === undefined };
    const isFile = names.length === 0 ? filesOf(base).length > 0 : found.isFile;
    const more = taken === undefined ? [] : filesOf(joinPath(found.at, taken));
    const isMissing = taken !== undefined && more.length === 0 && !isFile && !folders.isPackage(joinPath(found.at, taken));
    return { ...NOTHING, targets: [...targets, ...more], isMissing };
  }

  function resolveAbsolute(folder: string, names: readonly string[], taken: string | undefined): PythonResolution {
    const [top = ""] = names;
    const outside = [`python:${top}`];
    const isStandard = STANDARD_LIBRARY.has(top);
    // A module inside of a package hides a standard one only from a program that lies beside it.
    const near = listNear(folder, top).filter((root) => !isStandard || !folders.isRegular(root));
    const ways = near.map((root) => ({ root, ...walk(root, names) }));
    const full = ways.filter(({ depth }) => depth === names.length);
    if (full.length > 0) {
      const members = taken === undefined ? [] : full.flatMap(({ at }) => filesOf(joinPath(at, taken)));
      const isThere = taken === undefined || members.length > 0 || full.some(({ at, isFile }) => isFile || folders.isPackage(joinPath(at, taken)));
      const targets = [...full.flatMap((way) => way.targets), ...members];
      const isOwn = full.some(({ root }) => !folders.isRegular(root) && isOwnName(root, top));
      const mayBeOutside = isStandard || !isOwn;
      return { ...NOTHING, targets, externals: mayBeOutside ? outside : [], isMissing: !isThere && !mayBeOutside };
    }
    if (isStandard) return { ...NOTHING, externals: outside };
    const partial = ways.filter(({ root }) => !folders.isRegular(root) && isOwnName(root, top));
    // Of a name that is taken from what is missing, the import itself is what is missing.
    if (partial.length > 0) return { ...NOTHING, targets: partial.flatMap(({ targets }) => targets), isMissing: taken === undefined };
    const far = listFar(top)
      .map((root) => walk(root, names))
      .filter(({ depth }) => depth === names.length);
    const targets = far.flatMap((way) => [...way.targets, ...(taken === undefined ? [] : filesOf(joinPath(way.at, taken)))]);
    return { ...NOTHING, targets, externals: outside };
  }

  /** Found, or nothing: most strings with dots name no module. */
  function resolveText(folder: string, names: readonly string[]): PythonResolution {
    const [top = ""] = names;
    if (names.length > DEEPEST || STANDARD_LIBRARY.has(top)) return NOTHING;
    const ways = listNear(folder, top).map((root) => walk(root, names));
    const deepest = Math.max(0, ...ways.map(({ depth, isFile }) => (isFile ? depth : 0)));
    if (deepest === 0 || names.length - deepest > MOST_ATTRIBUTES) return NOTHING;
    return { ...NOTHING, targets: ways.filter(({ depth }) => depth === deepest).flatMap(({ targets }) => targets) };
  }

  /** `app.plugins.*`, and with `isStar` the modules beside each other that `from app.models import *` may take. */
  function resolvePattern(folder: string, pattern: string, isStar: boolean): PythonResolution {
    const { dots, names } = splitName(pattern);
    const [top = ""] = names;
    if (dots === 0 && top.startsWith("*")) return { ...NOTHING, isAnything: true };
    const base = dots === 0 ? undefined : climb(folder, dots - 1);
    const near = listNear(folder, top);
    const roots = dots > 0 ? (base === undefined ? [] : [base]) : top.includes("*") ? listAbove(folder) : near.length > 0 ? near : listFar(top);
    const paths = roots.map((root) => joinPath(root, names.join("/")));
    if (isStar) return { ...NOTHING, targets: paths.flatMap((path) => listModulesIn(folderOf(path))) };
    const targets = paths.flatMap((path) => [...tree.match(`${path}.py`), ...tree.match(`${path}/__init__.py`)]);
    return { ...NOTHING, targets, externals: near.length > 0 || dots > 0 || top.includes("*") ? [] : [`python:${top}`] };
  }

  /** As far as a dotted name leads below a folder: every package on the way is run, too. */
  function walk(root: string, names: readonly string[]) {
    const targets: number[] = [];
    let [at, depth, isFile] = [root, 0, false];
    for (const name of names) {
      const next = joinPath(at, name);
      const files = filesOf(next);
      if (files.length === 0 && !folders.isPackage(next)) break;
      targets.push(...files);
      [at, depth, isFile] = [next, depth + 1, files.length > 0];
    }
    return { targets, at, depth, isFile };
  }

  function filesOf(path: string): readonly number[] {
    const before = filesAt.get(path);
    if (before !== undefined) return before;
    const found = ENDINGS.flatMap((ending) => {
      const place = tree.locate(path === "" ? ending.slice(1) : `${path}${ending}`);
      return place === undefined ? [] : [place.id, ...place.links];
    });
    filesAt.set(path, found);
    return found;
  }

  function listModulesIn(folder: string): readonly number[] {
    if (!folders.isRegular(folder)) return [];
    return tree.below(folder).filter((id) => /^[^/]*(?:\/__init__)?\.pyi?$/.test((tree.paths[id] ?? "").slice(folder.length + 1)));
  }

  /** The `__init__.py` of the package that a folder is, and of those around it. */
  function listPackageFiles(folder: string): number[] {
    const found: number[] = [];
    for (let at = folder; folders.isRegular(at); at = folderOf(at)) found.push(...filesOf(at));
    return found;
  }

  function listNear(folder: string, top: string): readonly string[] {
    const key = `${folder}\0${top}`;
    const before = nearBy.get(key);
    if (before !== undefined) return before;
    const holders = folders.holdersOf(top);
    const near = holders.size === 0 ? [] : listAbove(folder).filter((root) => holders.has(root));
    nearBy.set(key, near);
    return near;
  }

  function listFar(top: string): readonly string[] {
    const holders = [...folders.holdersOf(top)].filter((folder) => !folders.isRegular(folder));
    const projects = holders.filter((folder) => folders.projects.has(folder));
    const found = projects.length > 0 ? projects : holders;
    return found.length > MOST_HOLDERS ? [] : found;
  }

  /** A folder without `__init__.py` gives way to an installed package of its name (`alembic/`), unless somebody takes a module out of it. */
  function isOwnName(root: string, top: string): boolean {
    const path = joinPath(root, top);
    if (filesOf(path).length > 0) return true;
    owned ??= findOwned();
    return owned.has(path);
  }

  function findOwned(): Set<string> {
    const found = new Set<string>();
    for (const [id, { imports }] of facts)
      for (const { specifier, kind, isPattern } of imports) {
        if (isPattern || (kind !== "python" && kind !== "python-name") || specifier.startsWith(".")) continue;
        const names = specifier.split(".");
        const [top = ""] = names;
        if (names.length < 2 || names.length > DEEPEST) continue;
        for (const root of listNear(folderOf(tree.paths[id] ?? ""), top)) {
          const path = joinPath(root, top);
          if (found.has(path) || filesOf(path).length > 0) continue;
          const { depth, isFile } = walk(root, names);
          if (isFile && depth > 1) found.add(path);
        }
      }
    return found;
  }
}

/** As a module, as a package, with its stubs, or compiled. */
const ENDINGS = [".py", ".pyi", "/__init__.py", "/__init__.pyi", ".pyx", ".pyd", ".so"];

function splitName(specifier: string): { dots: number; names: string[] } {
  const dots = /^\.*/.exec(specifier)?.[0].length ?? 0;
  const rest = specifier.slice(dots);
  return { dots, names: rest === "" ? [] : rest.split(".") };
}

/** @returns undefined beyond the root */
function climb(folder: string, steps: number): string | undefined {
  let at = folder;
  for (let step = 0; step < steps; step++) {
    if (at === "") return undefined;
    at = folderOf(at);
  }
  return at;
}

/** A folder and those above it up to the root, each with its `src`. */
function listAbove(folder: string): string[] {
  const above: string[] = [];
  for (let at = folder; above.length < DEEPEST * 2; at = folderOf(at)) {
    above.push(at, joinPath(at, "src"));
    if (at === "") return above;
  }
  return [...above, "", "src"];
}
