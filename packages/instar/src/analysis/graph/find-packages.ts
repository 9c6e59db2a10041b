import { matchesFolder } from "./match-glob.ts";
import type { PackageFacts } from "./parse-settings-files.ts";
import { folderOf } from "./resolve-alias.ts";
import { normalise } from "./tree-paths.ts";

/** The packages of a tree: those that its own files can import by name. Pure. */
export interface Packages {
  /** By folder, `""` for the root. */
  readonly all: ReadonlyMap<string, PackageFacts>;
  /** The folder of the nearest package.json, at or above a folder. */
  readonly nearest: (folder: string) => string | undefined;
  /** The folder of the package that a name means to those who import it from `folder`. */
  readonly find: (name: string, folder: string) => string | undefined;
  /** Names of the workspaces. */
  readonly names: readonly string[];
}

/** What makes every package of a tree importable, whatever package.json says. */
const MONOREPO_FILES = ["lerna.json", "rush.json", "nx.json"];

/**
 * @param all by folder
 * @param pnpm globs of pnpm-workspace.yaml, by folder
 */
export function findPackages(
  all: ReadonlyMap<string, PackageFacts>,
  pnpm: ReadonlyMap<string, readonly string[]>,
  hasFile: (path: string) => boolean,
): Packages {
  const byName = new Map<string, string[]>();
  for (const [folder, { name }] of all) if (name !== null) byName.set(name, [...(byName.get(name) ?? []), folder]);
  const roots = [...[...all].map(([folder, { workspaces }]) => [folder, workspaces] as const), ...pnpm].filter(([, globs]) => globs.length > 0);
  const isOpen = MONOREPO_FILES.some(hasFile);
  const members = new Set([...all.keys()].filter((folder) => isOpen || roots.some(([root, globs]) => isMember(root, globs, folder))));
  const near = new Map<string, string | undefined>();

  const nearest = (folder: string): string | undefined => {
    if (all.has(folder)) return folder;
    if (folder === "") return undefined;
    if (!near.has(folder)) near.set(folder, nearest(folderOf(folder)));
    return near.get(folder);
  };
  const find = (name: string, folder: string): string | undefined => {
    const folders = byName.get(name);
    if (folders === undefined) return undefined;
    const own = nearest(folder);
    if (own !== undefined && folders.includes(own)) return own;
    return folders.find((each) => members.has(each)) ?? (own !== undefined && all.get(own)?.local.includes(name) ? folders[0] : undefined);
  };
  return { all, nearest, find, names: [...members].flatMap((folder) => all.get(folder)?.name ?? []) };
}

/** A glob that leads out of the tree matches nothing. */
function isMember(root: string, globs: readonly string[], folder: string): boolean {
  const fits = (glob: string) => {
    const path = normalise(`${root}/${glob}`, glob);
    return path !== undefined && matchesFolder(folder, path);
  };
  return globs.some((glob) => !glob.startsWith("!") && fits(glob)) && !globs.some((glob) => glob.startsWith("!") && fits(glob.slice(1)));
}
