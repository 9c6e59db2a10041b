import { folderOf } from "../resolve-alias.ts";

/** Where names of Python begin in a tree. */
export interface PythonFolders {
  /** Folders that hold a module or a package of this name. */
  readonly holdersOf: (name: string) => ReadonlySet<string>;
  /** Folders with an `__init__.py`. */
  readonly isRegular: (folder: string) => boolean;
  /** Folders with Python somewhere below: packages, with or without `__init__.py`. */
  readonly isPackage: (folder: string) => boolean;
  /** Where a project begins, and its `src`: what its `pyproject.toml` installs is importable from anywhere. */
  readonly projects: ReadonlySet<string>;
}

const NOBODY: ReadonlySet<string> = new Set();
const PROJECT_FILES: ReadonlySet<string> = new Set(["pyproject.toml", "setup.py", "setup.cfg"]);

/** @param links paths that are links: what a linked folder holds is not listed, so it may be a package */
export function indexPythonFolders(paths: readonly string[], links: Iterable<string>): PythonFolders {
  const holders = new Map<string, Set<string>>();
  const regular = new Set<string>();
  const packages = new Set<string>();
  const projects = new Set<string>();
  const hold = (path: string) => {
    const name = path.slice(path.lastIndexOf("/") + 1).replace(MODULE, "");
    const known = holders.get(name);
    if (known === undefined) holders.set(name, new Set([folderOf(path)]));
    else known.add(folderOf(path));
  };
  const holdFolder = (path: string) => {
    for (let folder = path; folder !== "" && !packages.has(folder); folder = folderOf(folder)) {
      packages.add(folder);
      hold(folder);
    }
  };
  for (const path of paths) {
    const name = path.slice(path.lastIndexOf("/") + 1);
    if (PROJECT_FILES.has(name)) for (const root of [folderOf(path), joinPath(folderOf(path), "src")]) projects.add(root);
    if (!MODULE.test(name)) continue;
    if (/^__init__\.pyi?$/.test(name)) regular.add(folderOf(path));
    hold(path);
    holdFolder(folderOf(path));
  }
  for (const path of links) if (!MODULE.test(path)) holdFolder(path);
  return {
    holdersOf: (name) => holders.get(name) ?? NOBODY,
    isRegular: (folder) => folder !== "" && regular.has(folder),
    isPackage: (folder) => packages.has(folder),
    projects,
  };
}

/** Also what is compiled: an import may lead to it. */
const MODULE = /\.(?:pyi?|pyx|pyd|so)$/;

export const joinPath = (folder: string, name: string) => (folder === "" ? name : `${folder}/${name}`);
