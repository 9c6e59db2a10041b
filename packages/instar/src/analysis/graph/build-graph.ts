import { setImmediate as nextTurn } from "node:timers/promises";
import type { SourceTree, TreeFile } from "../source-tree.ts";
import { findPackages } from "./find-packages.ts";
import { createReadFinder } from "./find-read-files.ts";
import { createMemoryCache, type GraphCache } from "./graph-cache.ts";
import { layEdges, turnEdges } from "./lay-edges.ts";
import { type ImportFact, isPythonImport, isPythonPath, languageOf, type ModuleFacts, type ModuleLanguage } from "./module-facts.ts";
import type { ModuleGraph, UnresolvedImport } from "./module-graph.ts";
import { parseModule } from "./parse-module.ts";
import { type PackageFacts, parsePackage, parsePnpmWorkspace, parseTsconfig, type TsconfigFacts } from "./parse-settings-files.ts";
import { findConftests } from "./python/find-conftests.ts";
import { parsePythonModule } from "./python/parse-python-module.ts";
import { createPythonResolver } from "./python/resolve-python-import.ts";
import { createSourceReader, type SourceReader } from "./read-source.ts";
import { createAliases, folderOf } from "./resolve-alias.ts";
import { createResolver, type Resolution } from "./resolve-import.ts";
import { createTreePaths } from "./tree-paths.ts";

export interface BuiltGraph {
  readonly graph: ModuleGraph;
  /** Modules that were read and parsed, and those whose facts were known by their content. */
  readonly parsed: number;
  readonly reused: number;
}

export interface BuildOptions {
  readonly cache?: Pick<GraphCache, "get" | "set">;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Others get their turn, and a signal is heard, after so many files. */
const FILES_IN_A_ROW = 200;

/**
 * Reads which module of a tree needs which. Only listed files of the tree are read, each at most once, and never through a link; imports are
 * resolved among the listed paths, so none leads out. Bad input is in the graph as what it is: unreadable, unresolved.
 *
 * @throws the signal's reason
 */
export async function buildGraph(tree: SourceTree, { cache = createMemoryCache(), signal, onProgress }: BuildOptions = {}): Promise<BuiltGraph> {
  const files = sortFiles(tree.files);
  const paths = files.map(({ path }) => path);
  const reading = { reader: createSourceReader(tree.root), cache };
  const facts = new Map<number, ModuleFacts>();
  let parsed = 0;
  for (const [id, file] of files.entries()) {
    if (id % FILES_IN_A_ROW === 0) {
      await nextTurn();
      signal?.throwIfAborted();
      onProgress?.(id, files.length);
    }
    const found = readModule(reading, file);
    if (found === undefined) continue;
    facts.set(id, found.facts);
    if (found.isNew) parsed++;
  }
  onProgress?.(files.length, files.length);
  return { graph: connect(paths, facts, readSettings(reading, files)), parsed, reused: facts.size - parsed };
}

/** By path; of a path that is listed twice, which no commit does, the last. */
function sortFiles(files: readonly TreeFile[]): TreeFile[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  return [...byPath.values()].sort((one, other) => (one.path < other.path ? -1 : 1));
}

interface Reading {
  readonly reader: SourceReader;
  readonly cache: Pick<GraphCache, "get" | "set">;
}

/** @returns undefined where the file is no module */
function readModule(reading: Reading, file: TreeFile): { readonly facts: ModuleFacts; readonly isNew: boolean } | undefined {
  if (file.kind !== "file") return undefined;
  const language = isPythonPath(file.path) ? "python" : (languageOf(file.path) ?? findLanguage(reading, file));
  if (language === undefined) return undefined;
  const key = `module ${language} ${file.content}`;
  const known = reading.cache.get(key) as ModuleFacts | undefined;
  if (known !== undefined) return { facts: known, isNew: false };
  const source = reading.reader.read(file.path);
  const facts = source.kind === "text" ? parse(file.path, source.text, language) : { imports: [], reads: [], unreadable: source.because };
  // What the disk refused is asked again.
  if (source.kind === "unread") return { facts, isNew: true };
  reading.cache.set(key, facts);
  return { facts, isNew: true };
}

const parse = (path: string, text: string, language: ModuleLanguage | "python") =>
  language === "python" ? parsePythonModule(text) : parseModule(path, text, language);

/** A program without an ending says in its first line who runs it. */
function findLanguage(reading: Reading, file: TreeFile): ModuleLanguage | "python" | undefined {
  const name = file.path.slice(file.path.lastIndexOf("/") + 1);
  if (name.includes(".")) return undefined;
  const first = recall<{ runs: "jsx" | "python" | null } | undefined>(reading, "shebang", file, () => {
    const runs = reading.reader.readShebang(file.path);
    return runs === undefined ? undefined : { runs };
  });
  return first?.runs ?? undefined;
}

function recall<Facts extends object | undefined>({ cache }: Reading, kind: string, file: TreeFile, make: () => Facts): Facts {
  const key = `${kind} ${file.content}`;
  const known = cache.get(key) as Facts | undefined;
  if (known !== undefined) return known;
  const made = make();
  if (made !== undefined) cache.set(key, made);
  return made;
}

/** What of a tree besides its modules says where imports lead. */
interface Settings {
  readonly links: ReadonlyMap<string, string>;
  readonly packages: ReadonlyMap<string, PackageFacts>;
  readonly pnpm: ReadonlyMap<string, readonly string[]>;
  readonly tsconfigs: ReadonlyMap<string, TsconfigFacts | undefined>;
}

function readSettings(reading: Reading, files: readonly TreeFile[]): Settings {
  const links = new Map<string, string>();
  const packages = new Map<string, PackageFacts>();
  const pnpm = new Map<string, readonly string[]>();
  const tsconfigs = new Map<string, TsconfigFacts | undefined>();
  const read = <Facts extends object>(kind: string, file: TreeFile, parse: (text: string) => Facts | undefined): Facts | undefined =>
    recall<{ found?: Facts } | undefined>(reading, kind, file, () => {
      const source = reading.reader.read(file.path);
      if (source.kind === "unread") return undefined;
      const found = source.kind === "text" ? parse(source.text) : undefined;
      return found === undefined ? {} : { found };
    })?.found;
  for (const file of files) {
    const name = file.path.slice(file.path.lastIndexOf("/") + 1);
    if (file.kind === "link") {
      const said = recall<{ target: string } | undefined>(reading, "link", file, () => {
        const target = reading.reader.readLink(file.path);
        return target === undefined ? undefined : { target };
      });
      // One that cannot be read leads out, as far as anybody knows.
      links.set(file.path, said?.target ?? "/");
    } else if (file.kind === "submodule") continue;
    else if (name === "package.json") {
      const found = read("package", file, parsePackage);
      if (found !== undefined) packages.set(folderOf(file.path), found);
    } else if (name === "pnpm-workspace.yaml") pnpm.set(folderOf(file.path), read("pnpm", file, (text) => ({ globs: parsePnpmWorkspace(text) }))?.globs ?? []);
    else if (/[jt]sconfig[^/]*\.json$/.test(name)) tsconfigs.set(file.path, read("tsconfig", file, parseTsconfig));
  }
  for (const file of findExtended(files, tsconfigs)) tsconfigs.set(file.path, read("tsconfig", file, parseTsconfig));
  return { links, packages, pnpm, tsconfigs };
}

/** What a tsconfig extends may have any name: files that are called so, wherever they lie, can only be too many. */
function findExtended(files: readonly TreeFile[], tsconfigs: ReadonlyMap<string, TsconfigFacts | undefined>): TreeFile[] {
  const last = (path: string) => path.slice(path.lastIndexOf("/") + 1);
  const names = new Set(
    [...tsconfigs.values()].flatMap((facts) => [...(facts?.extends ?? []), ...(facts?.references ?? [])]).flatMap((each) => [last(each), `${last(each)}.json`]),
  );
  return files.filter(
    ({ path, kind }) => kind === "file" && path.endsWith(".json") && !path.endsWith("package.json") && !tsconfigs.has(path) && names.has(last(path)),
  );
}

/** Pure from here on: facts and settings make a graph. */
function connect(paths: readonly string[], facts: ReadonlyMap<number, ModuleFacts>, settings: Settings): ModuleGraph {
  const isModule = new Uint8Array(paths.length);
  for (const id of facts.keys()) isModule[id] = 1;
  const tree = createTreePaths(paths, settings.links);
  const packages = findPackages(settings.packages, settings.pnpm, (path) => tree.locate(path) !== undefined);
  const aliases = createAliases(settings.tsconfigs, (name) => packages.find(name, ""));
  const { resolve, wholes } = createResolver({ tree, packages, aliases, isModule });
  const resolvePython = createPythonResolver({ tree, links: settings.links.keys(), facts });
  const findReads = createReadFinder(paths, isModule);

  const targetsOf: (readonly number[])[] = paths.map(() => []);
  const externals = new Map<string, Set<number>>();
  const unresolved: UnresolvedImport[] = [];
  const computed: number[] = [];
  for (const [id, { imports, reads }] of facts) {
    const from = paths[id] ?? "";
    const targets = [...findReads(from, reads), ...findConftests(tree, from)];
    for (const fact of imports) {
      const found: Resolution & { readonly isMissing?: boolean } = isPythonImport(fact.kind) ? resolvePython(from, fact) : resolve(from, fact);
      for (const target of found.targets) targets.push(target);
      for (const name of found.externals) externals.set(name, (externals.get(name) ?? new Set()).add(id));
      if (found.isAnything && computed.at(-1) !== id) computed.push(id);
      if (found.isMissing ?? (found.targets.length === 0 && found.externals.length === 0 && !found.isAnything && !isNoPath(fact)))
        unresolved.push({ id, specifier: fact.specifier, line: fact.line, isOptional: fact.isOptional });
    }
    targetsOf[id] = targets;
  }
  const ids = new Map(paths.map((path, id) => [path, id]));
  for (const path of settings.links.keys()) {
    const [id, place] = [ids.get(path), tree.locate(path)];
    if (id !== undefined && place !== undefined) targetsOf[id] = [place.id, ...place.links];
  }
  for (const [id, modules] of wholes) targetsOf[id] = modules;
  for (const { path, specifier } of aliases.problems) unresolved.push({ id: ids.get(path) ?? 0, specifier, line: 1, isOptional: false });
  const dependencies = layEdges(targetsOf);
  return {
    paths,
    isModule,
    dependencies,
    dependents: turnEdges(dependencies),
    externals: new Map([...externals].map(([name, ids]) => [name, [...ids]])),
    unresolved,
    unreadable: listUnreadable(paths, facts),
    computed,
    wholes: [...wholes.keys()],
  };
}

/** A pattern may fit nothing, and what is called a worker may be named by a queue. */
const isNoPath = ({ specifier, isPattern, kind }: ImportFact) => isPattern || (kind === "program" && !specifier.includes("/") && !specifier.includes("."));

/** Components of these hold programs that are not read: what they import is not known. */
const COMPONENT = /\.(?:vue|svelte|astro|marko|riot)$/;

function listUnreadable(paths: readonly string[], facts: ReadonlyMap<number, ModuleFacts>): ModuleGraph["unreadable"] {
  return paths.flatMap((path, id) => {
    if (COMPONENT.test(path)) return [{ id, because: "it is written in a language that is not read" }];
    const because = facts.get(id)?.unreadable ?? null;
    return because === null ? [] : [{ id, because }];
  });
}
