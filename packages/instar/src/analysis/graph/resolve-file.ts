import { normalise, type TreePaths } from "./tree-paths.ts";

/** What a compiler puts beside, or makes of, a file of this ending. */
const SIBLINGS: Readonly<Record<string, readonly string[]>> = {
  ".js": [".ts", ".tsx", ".d.ts", ".jsx"],
  ".jsx": [".tsx", ".d.ts"],
  ".mjs": [".mts", ".d.mts"],
  ".cjs": [".cts", ".d.cts"],
  ".ts": [".js"],
};
const MODULE_ENDINGS = [".ts", ".tsx", ".d.ts", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts", ".d.mts", ".d.cts"];
const OTHER_ENDINGS = [".json", ".node", ".vue", ".svelte", ".astro", ".wasm"];

/** Folders that a build writes into, and where what it is made of may be. */
const BUILT: ReadonlySet<string> = new Set(["dist", "build", "lib", "out", "output", "es", "esm", "cjs", "compiled", "types", "bundle"]);
const SOURCES = ["src", "source", "lib", "."];

/**
 * The files that a path without a package can mean, `undefined` where there is none. Programs differ in which of `x.ts`, `x.js` and `x.d.ts` they
 * take, so all that are there count. `main` gives what a folder's package.json says.
 */
export function createFileResolver(tree: TreePaths, mainOf: (folder: string) => readonly string[]): (path: string) => readonly number[] {
  const known = new Map<string, readonly number[]>();
  const resolve = (path: string): readonly number[] => {
    const before = known.get(path);
    if (before !== undefined) return before;
    const found = find(path);
    known.set(path, found);
    return found;
  };
  return resolve;

  function find(path: string): readonly number[] {
    const ending = endingOf(path);
    const stem = path.slice(0, path.length - ending.length);
    const exact = at([path, ...(SIBLINGS[ending] ?? []).map((sibling) => `${stem}${sibling}`)]);
    if (exact.length > 0) return exact;
    const modules = at(MODULE_ENDINGS.map((each) => `${path}${each}`));
    if (modules.length > 0) return modules;
    const others = at(OTHER_ENDINGS.map((each) => `${path}${each}`));
    return others.length > 0 ? others : findInFolder(path);
  }
  function findInFolder(folder: string): readonly number[] {
    const below = folder === "" ? "" : `${folder}/`;
    const mains = mainOf(folder).flatMap((main) => {
      const path = normalise(`${below}${main}`, main);
      // A main that is the folder itself would ask the same again.
      return path === undefined || path === folder ? [] : [...at([path, ...MODULE_ENDINGS.map((ending) => `${path}${ending}`)])];
    });
    return mains.length > 0 ? mains : at([...MODULE_ENDINGS, ".json"].map((ending) => `${below}index${ending}`));
  }
  function at(paths: readonly string[]): number[] {
    const ids: number[] = [];
    for (const path of paths) {
      const place = tree.locate(path);
      if (place !== undefined) ids.push(place.id, ...place.links);
    }
    return ids;
  }
}

/** Where the source of a built file may be: `dist/esm/a.js` as `src/a`. Relative to the package, best first. */
export function listSources(built: string): string[] {
  const names = built.replace(/(?:\.d)?\.[cm]?[jt]sx?$/, "").split("/");
  const found: string[] = [];
  for (let skip = 1; skip < names.length && skip <= 3 && BUILT.has(names[skip - 1] ?? ""); skip++) {
    const rest = names.slice(skip).join("/");
    found.push(...SOURCES.map((source) => `${source}/${rest}`));
  }
  return found;
}

function endingOf(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const dot = name.lastIndexOf(".");
  return dot <= 0 ? "" : name.slice(dot);
}
