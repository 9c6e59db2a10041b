import type { Edit } from "../edit.ts";
import { listEdges } from "./lay-edges.ts";
import type { ModuleGraph } from "./module-graph.ts";
import { nameComponent } from "./name-component.ts";

export interface BlastRadiusQuestion {
  /** The version that runs; null for the first. */
  readonly before: ModuleGraph | null;
  readonly after: ModuleGraph;
  readonly edits: readonly Pick<Edit, "path" | "from" | "status">[];
  readonly entryPoints: readonly string[];
  readonly isTest: (path: string) => boolean;
  /** Documents: nothing runs otherwise when they change. */
  readonly isHarmless: (path: string) => boolean;
  /** Files whose effect is told elsewhere: by the packages that changed, or by imports that now lead elsewhere. Default: lockfiles, package.json, tsconfig. */
  readonly isSettled?: (path: string) => boolean;
  /** Packages from outside with another version: who imports them is directly affected. */
  readonly changedPackages?: readonly string[];
  /** Folders of the tree's packages, for the names of components. Default: those with a package.json. */
  readonly packageFolders?: readonly string[];
}

/** Every list sorted by path, but for `tests`. */
export interface BlastRadius {
  /** Changed modules, and those that import them or read a changed file. Of deleted ones the old path. */
  readonly directly: readonly string[];
  /** Everything else that reaches a changed file, and modules that may import anything. */
  readonly indirectly: readonly string[];
  /** Changed files that no graph explains: they count as affecting everything. */
  readonly unexplained: readonly string[];
  readonly isEverything: boolean;
  readonly entryPoints: readonly string[];
  /** Nearest to the change first, changed ones before all. */
  readonly tests: readonly string[];
  readonly components: { readonly directly: readonly string[]; readonly indirectly: readonly string[] };
  /** Modules of the new version. */
  readonly total: number;
}

/**
 * What a change reaches: a walk from the changed files to those who need them, in the new version and, for what it lost, in the old one. Pure.
 *
 * What is not known counts as reached: a module that could not be read may import anything, so it is affected by every change, and so is who
 * imports it. A module that computes what it imports is affected by changed modules that nobody names. A module whose imports lead elsewhere
 * than before is directly affected, although its text may be the same: a tsconfig, a package.json or a new file can do that. A package.json also reaches the
 * entry points below its folder, because it says how they are run.
 */
export function planBlastRadius(question: BlastRadiusQuestion): BlastRadius {
  const { before, after, edits, entryPoints, isTest } = question;
  const changed = [...new Set(edits.flatMap(({ path, from }) => (from === undefined ? [path] : [path, from])))];
  const unexplained = changed.filter((path) => !isExplained(question, path)).sort();
  const isEverything = unexplained.length > 0;
  const entries = new Set(entryPoints);

  const distances = new Map<string, number>();
  if (changed.length > 0) {
    merge(distances, walk(after, changed, findNext(question, changed), question));
    if (before !== null) merge(distances, onlyIn(walk(before, changed, [], question), after, new Set(changed)));
  }
  const affected = listSorted(after, distances);
  const directly = affected.filter((path) => (distances.get(path) ?? 0) <= 1);
  const indirectly = affected.filter((path) => (distances.get(path) ?? 0) > 1);
  const reached = (path: string) => isEverything || distances.has(path);
  return {
    directly,
    indirectly,
    unexplained,
    isEverything,
    entryPoints: [...entries].filter(reached).sort(),
    tests: orderTests(isEverything ? after.paths.filter((_, id) => after.isModule[id] === 1) : affected, after, distances, isTest),
    components: nameComponents(question, directly, indirectly),
    total: countModules(after),
  };
}

/** Lockfiles are told by the packages that changed; tsconfig and package.json by imports that lead elsewhere. */
function isSettledElsewhere(path: string): boolean {
  return /(?:^|\/)(?:package\.json|package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|yarn\.lock|pnpm-workspace\.yaml|[^/]*[jt]sconfig[^/]*\.json)$/.test(
    path,
  );
}

function isExplained({ before, after, isHarmless, isSettled = isSettledElsewhere }: BlastRadiusQuestion, path: string): boolean {
  return isHarmless(path) || isSettled(path) || isKnown(after, path) || (before !== null && isKnown(before, path));
}

/** A module, or a file that a module needs. */
function isKnown(graph: ModuleGraph, path: string): boolean {
  const id = idOf(graph, path);
  return id !== undefined && (graph.isModule[id] === 1 || listEdges(graph.dependents, id).length > 0);
}

/** Modules that a change affects as if they imported what changed, although no edge says so. */
function findNext(question: BlastRadiusQuestion, changed: readonly string[]): string[] {
  const { before, after, entryPoints, changedPackages = [] } = question;
  const manifests = changed.filter((path) => path === "package.json" || path.endsWith("/package.json")).map((path) => path.slice(0, -"package.json".length));
  return [
    ...(before === null ? [] : findMoved(before, after)),
    ...changedPackages.flatMap((name) => after.externals.get(name) ?? []).map((id) => after.paths[id] ?? ""),
    ...entryPoints.filter((path) => manifests.some((folder) => path.startsWith(folder))),
  ];
}

/** Modules of both versions whose imports lead elsewhere than before. */
function findMoved(before: ModuleGraph, after: ModuleGraph): string[] {
  const idsAfter = matchIds(before.paths, after.paths);
  const [was, is] = [before.dependencies, after.dependencies];
  const moved: string[] = [];
  idsAfter.forEach((id, old) => {
    if (id === -1 || before.isModule[old] !== 1 || after.isModule[id] !== 1) return;
    const [from, start] = [was.starts[old] ?? 0, is.starts[id] ?? 0];
    const length = (was.starts[old + 1] ?? 0) - from;
    let isSame = (is.starts[id + 1] ?? 0) - start === length;
    // Both ascend by path, so the same targets stand in the same places.
    for (let at = 0; isSame && at < length; at++) isSame = idsAfter[was.targets[from + at] ?? 0] === is.targets[start + at];
    if (!isSame) moved.push(after.paths[id] ?? "");
  });
  return moved;
}

/** By the id in one sorted list the id of the same path in the other, -1 where it is not there. */
function matchIds(ones: readonly string[], others: readonly string[]): Int32Array {
  const ids = new Int32Array(ones.length).fill(-1);
  let other = 0;
  ones.forEach((path, id) => {
    while (other < others.length && (others[other] ?? "") < path) other++;
    if (others[other] === path) ids[id] = other;
  });
  return ids;
}

/** Distances of modules from what changed, by path: `starts` at 0, `next` at 1. */
function walk(graph: ModuleGraph, starts: readonly string[], next: readonly string[], { entryPoints, isTest }: BlastRadiusQuestion): Map<string, number> {
  const distances = new Int32Array(graph.paths.length).fill(-1);
  const queue = new Uint32Array(graph.paths.length);
  let end = 0;
  const reach = (id: number, distance: number): void => {
    if (distances[id] !== -1) return;
    distances[id] = distance;
    queue[end++] = id;
  };
  [starts, next].forEach((paths, distance) => {
    for (const path of paths) {
      const id = idOf(graph, path);
      if (id !== undefined) reach(id, distance);
    }
  });
  const entries = new Set(entryPoints);
  let hasLoose = false;
  for (let at = 0; at < end; at++) {
    const id = queue[at] ?? 0;
    const dependents = listEdges(graph.dependents, id);
    const distance = (distances[id] ?? 0) + 1;
    for (const dependent of dependents) reach(dependent, distance);
    const path = graph.paths[id] ?? "";
    if (!hasLoose && dependents.length === 0 && graph.isModule[id] === 1 && !entries.has(path) && !isTest(path)) {
      hasLoose = true;
      for (const computing of graph.computed ?? []) reach(computing, Math.max(2, distance));
    }
    // What may import anything comes last: whoever is reached by what is known keeps the shorter way.
    if (at === end - 1) for (const unreadable of graph.unreadable) reach(unreadable.id, Math.max(2, distance));
  }
  if (end === 0) for (const { id } of graph.unreadable) reach(id, 2);
  const found = new Map<string, number>();
  for (let at = 0; at < end; at++) {
    const id = queue[at] ?? 0;
    if (graph.isModule[id] === 1) found.set(graph.paths[id] ?? "", distances[id] ?? 0);
  }
  return found;
}

/** Of the old version: what changed itself, and who is still there. */
function onlyIn(distances: ReadonlyMap<string, number>, after: ModuleGraph, changed: ReadonlySet<string>): Map<string, number> {
  return new Map([...distances].filter(([path]) => changed.has(path) || idOf(after, path) !== undefined));
}

function merge(into: Map<string, number>, more: ReadonlyMap<string, number>): void {
  for (const [path, distance] of more) into.set(path, Math.min(distance, into.get(path) ?? distance));
}

/** The paths of a graph are sorted; only those that it lost have to find their places. */
function listSorted(after: ModuleGraph, distances: ReadonlyMap<string, number>): string[] {
  const here = after.paths.filter((path) => distances.has(path));
  if (here.length === distances.size) return here;
  const known = new Set(here);
  return [...here, ...[...distances.keys()].filter((path) => !known.has(path))].sort();
}

function orderTests(paths: readonly string[], after: ModuleGraph, distances: ReadonlyMap<string, number>, isTest: (path: string) => boolean): string[] {
  const tests = paths.filter((path) => isTest(path) && idOf(after, path) !== undefined);
  const far = after.paths.length + 1;
  const distanceOf = (path: string) => distances.get(path) ?? far;
  return tests.sort((one, other) => distanceOf(one) - distanceOf(other) || (one < other ? -1 : 1));
}

function nameComponents({ after, packageFolders }: BlastRadiusQuestion, directly: readonly string[], indirectly: readonly string[]): BlastRadius["components"] {
  const folders = new Set(packageFolders ?? after.paths.filter((path) => path.endsWith("/package.json")).map((path) => path.slice(0, -"/package.json".length)));
  const direct = new Set(directly.map((path) => nameComponent(path, folders)));
  const rest = new Set(indirectly.map((path) => nameComponent(path, folders)));
  return { directly: [...direct].sort(), indirectly: [...rest].filter((name) => !direct.has(name)).sort() };
}

const countModules = (graph: ModuleGraph) => graph.isModule.reduce((sum, is) => sum + is, 0);

/** By halving: `paths` is sorted. */
function idOf({ paths }: ModuleGraph, wanted: string): number | undefined {
  let [from, to] = [0, paths.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((paths[middle] ?? "") < wanted) from = middle + 1;
    else to = middle;
  }
  return paths[from] === wanted ? from : undefined;
}
