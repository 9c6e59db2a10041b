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
  const { before, after, edits, entryPoints } = question;
  const changed = [...new Set(edits.flatMap(({ path, from }) => (from === undefined ? [path] : [path, from])))];
  const unexplained = changed.filter((path) => !isExplained(question, path)).sort();
  const isEverything = unexplained.length > 0;

  const reach: Reach = { distances: new Int32Array(after.paths.length).fill(-1), lost: new Map() };
  if (changed.length > 0) {
    const idsAfter = before === null ? undefined : matchIds(before.paths, after.paths);
    takeNearer(reach, after, walk(after, changed, findNext(question, changed, idsAfter), question));
    if (before !== null && idsAfter !== undefined) {
      const found = walk(before, changed, [], question);
      takeNearer(reach, before, found, { idsAfter, changed: new Set(changed) });
    }
  }
  const near = listReached(reach, (distance) => distance <= 1);
  const far = listReached(reach, (distance) => distance > 1);
  return {
    directly: pathsOf(after, near),
    indirectly: pathsOf(after, far),
    unexplained,
    isEverything,
    entryPoints: [...new Set(entryPoints)].filter((path) => isEverything || isReached(after, reach, path)).sort(),
    tests: orderTests(question, reach.distances, isEverything ? [listModules(after)] : [near.ids, far.ids]),
    components: nameComponents(question, near, far),
    total: countModules(after),
  };
}

/** How far modules are from what changed. */
interface Reach {
  /** By id of the new version, -1 where it is not reached. */
  readonly distances: Int32Array;
  /** By path: what the new version has no more. */
  readonly lost: Map<string, number>;
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
function findNext(question: BlastRadiusQuestion, changed: readonly string[], idsAfter: Int32Array | undefined): string[] {
  const { before, after, entryPoints, changedPackages = [] } = question;
  const manifests = changed.filter((path) => path === "package.json" || path.endsWith("/package.json")).map((path) => path.slice(0, -"package.json".length));
  return [
    ...(before === null || idsAfter === undefined ? [] : findMoved(before, after, idsAfter)),
    ...changedPackages.flatMap((name) => after.externals.get(name) ?? []).map((id) => after.paths[id] ?? ""),
    ...entryPoints.filter((path) => manifests.some((folder) => path.startsWith(folder))),
  ];
}

/** Files of both versions whose imports lead elsewhere than before, or that stand for other modules. */
function findMoved(before: ModuleGraph, after: ModuleGraph, idsAfter: Int32Array): string[] {
  const [was, is] = [before.dependencies, after.dependencies];
  const moved: string[] = [];
  for (let old = 0; old < idsAfter.length; old++) {
    const id = idsAfter[old] ?? -1;
    if (id === -1 || before.isModule[old] !== after.isModule[id]) continue;
    const [from, start] = [was.starts[old] ?? 0, is.starts[id] ?? 0];
    const length = (was.starts[old + 1] ?? 0) - from;
    let isSame = (is.starts[id + 1] ?? 0) - start === length;
    // Both ascend by path, so the same targets stand in the same places.
    for (let at = 0; isSame && at < length; at++) isSame = idsAfter[was.targets[from + at] ?? 0] === is.targets[start + at];
    if (!isSame) moved.push(after.paths[id] ?? "");
  }
  return moved;
}

/** By the id in one sorted list the id of the same path in the other, -1 where it is not there. */
function matchIds(ones: readonly string[], others: readonly string[]): Int32Array {
  const ids = new Int32Array(ones.length).fill(-1);
  for (let id = 0, other = 0; id < ones.length; id++) {
    const path = ones[id] ?? "";
    while (other < others.length && (others[other] ?? "") < path) other++;
    if (others[other] === path) ids[id] = other;
  }
  return ids;
}

/** Distances from what changed, by id, -1 where it is not reached: `starts` at 0, `next` at 1. */
function walk(graph: ModuleGraph, starts: readonly string[], next: readonly string[], { entryPoints, isTest }: BlastRadiusQuestion): Int32Array {
  const distances = new Int32Array(graph.paths.length).fill(-1);
  const queue = new Uint32Array(graph.paths.length);
  const wholes = new Set(graph.wholes);
  const entries = new Set(entryPoints);
  const isTestId = recallTests(graph, isTest);
  const { starts: rows, targets } = graph.dependents;
  let end = 0;
  const reach = (id: number, distance: number): void => {
    if (distances[id] !== -1) return;
    distances[id] = distance;
    queue[end++] = id;
    // Who needs a package as a whole needs each of its modules: the package.json between them is no step of its own.
    if (distance > 0 && wholes.has(id)) reachDependents(id, distance);
  };
  const reachDependents = (id: number, distance: number): void => {
    for (let at = rows[id] ?? 0; at < (rows[id + 1] ?? 0); at++) reach(targets[at] ?? 0, distance);
  };
  [starts, next].forEach((paths, distance) => {
    for (const path of paths) {
      const id = idOf(graph, path);
      if (id !== undefined) reach(id, distance);
    }
  });
  let hasLoose = false;
  for (let at = 0; at < end; at++) {
    const id = queue[at] ?? 0;
    const distance = (distances[id] ?? 0) + 1;
    reachDependents(id, distance);
    if (!hasLoose && graph.isModule[id] === 1 && rows[id] === rows[id + 1]) {
      hasLoose = !entries.has(graph.paths[id] ?? "") && !isTestId(id);
      if (hasLoose) for (const computing of graph.computed ?? []) reach(computing, Math.max(2, distance));
    }
    // What may import anything comes last: whoever is reached by what is known keeps the shorter way.
    if (at === end - 1) for (const unreadable of graph.unreadable) reach(unreadable.id, Math.max(2, distance));
  }
  if (end === 0) for (const { id } of graph.unreadable) reach(id, 2);
  return distances;
}

/** Of the old version counts what changed itself, and who is still there. */
function takeNearer(reach: Reach, graph: ModuleGraph, found: Int32Array, old?: { readonly idsAfter: Int32Array; readonly changed: ReadonlySet<string> }): void {
  const { distances, lost } = reach;
  for (let at = 0; at < found.length; at++) {
    const distance = found[at] ?? -1;
    if (distance === -1 || graph.isModule[at] !== 1) continue;
    const id = old === undefined ? at : (old.idsAfter[at] ?? -1);
    if (id === -1) {
      const path = graph.paths[at] ?? "";
      if (old?.changed.has(path) === true) lost.set(path, distance);
    } else if (distances[id] === -1 || distance < (distances[id] ?? 0)) distances[id] = distance;
  }
}

function isReached(after: ModuleGraph, { distances, lost }: Reach, path: string): boolean {
  const id = idOf(after, path);
  return lost.has(path) || (id !== undefined && distances[id] !== -1);
}

/** Some of what is reached: ids of the new version, ascending, and paths that it has no more. */
interface Reached {
  readonly ids: readonly number[];
  readonly lost: readonly string[];
}

function listReached({ distances, lost }: Reach, isWanted: (distance: number) => boolean): Reached {
  const ids: number[] = [];
  for (let id = 0; id < distances.length; id++) {
    const distance = distances[id] ?? -1;
    if (distance !== -1 && isWanted(distance)) ids.push(id);
  }
  return { ids, lost: [...lost].filter(([, distance]) => isWanted(distance)).map(([path]) => path) };
}

/** Ids ascend as paths do; only paths that are lost have to find their places. */
function pathsOf({ paths }: ModuleGraph, { ids, lost }: Reached): string[] {
  const here = ids.map((id) => paths[id] ?? "");
  return lost.length === 0 ? here : [...here, ...lost].sort();
}

function listModules({ isModule }: ModuleGraph): number[] {
  const ids: number[] = [];
  for (let id = 0; id < isModule.length; id++) if (isModule[id] === 1) ids.push(id);
  return ids;
}

function orderTests({ after, isTest }: BlastRadiusQuestion, distances: Int32Array, lists: readonly (readonly number[])[]): string[] {
  const isTestId = recallTests(after, isTest);
  const many = after.paths.length;
  // One number holds both, the distance in front of the id.
  const keyOf = (id: number) => (distances[id] === -1 ? many : (distances[id] ?? many)) * many + id;
  const keys = Float64Array.from(
    lists.flatMap((ids) => ids.filter(isTestId)),
    keyOf,
  ).sort();
  return Array.from(keys, (key) => after.paths[key % many] ?? "");
}

/** What names say is asked once of each path of a graph, however many changes are planned on it. */
const knownTests = new WeakMap<ModuleGraph, { readonly isTest: (path: string) => boolean; readonly said: Uint8Array }>();

function recallTests(graph: ModuleGraph, isTest: (path: string) => boolean): (id: number) => boolean {
  const before = knownTests.get(graph);
  const { said } = before?.isTest === isTest ? before : { said: new Uint8Array(graph.paths.length) };
  if (said !== before?.said) knownTests.set(graph, { isTest, said });
  return (id) => {
    if (said[id] === 0) said[id] = isTest(graph.paths[id] ?? "") ? 1 : 2;
    return said[id] === 1;
  };
}

function nameComponents({ after, packageFolders }: BlastRadiusQuestion, near: Reached, far: Reached): BlastRadius["components"] {
  const components = packageFolders === undefined ? recallComponents(after) : createComponents(after, new Set(packageFolders));
  const namesOf = ({ ids, lost }: Reached) => {
    const names = new Set(lost.map((path) => nameComponent(path, components.folders)));
    for (const id of ids) names.add(components.of(id));
    return names;
  };
  const direct = namesOf(near);
  return { directly: [...direct].sort(), indirectly: [...namesOf(far)].filter((name) => !direct.has(name)).sort() };
}

interface Components {
  readonly folders: ReadonlySet<string>;
  readonly of: (id: number) => string;
}

const ownComponents = new WeakMap<ModuleGraph, Components>();

function recallComponents(graph: ModuleGraph): Components {
  const known = ownComponents.get(graph);
  if (known !== undefined) return known;
  const folders = graph.paths.filter((path) => path.endsWith("/package.json")).map((path) => path.slice(0, -"/package.json".length));
  const components = createComponents(graph, new Set(folders));
  ownComponents.set(graph, components);
  return components;
}

function createComponents(graph: ModuleGraph, folders: ReadonlySet<string>): Components {
  const names = new Array<string | undefined>(graph.paths.length);
  return { folders, of: (id) => (names[id] ??= nameComponent(graph.paths[id] ?? "", folders)) };
}

function countModules({ isModule }: ModuleGraph): number {
  let modules = 0;
  for (const is of isModule) modules += is;
  return modules;
}

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
