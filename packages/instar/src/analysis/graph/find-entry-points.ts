import { own } from "../lockfiles/plain-value.ts";
import type { ModuleGraph } from "./module-graph.ts";
import { parsePackage } from "./parse-settings-files.ts";
import { findPythonEntryPoints } from "./python/find-python-entry-points.ts";
import { folderOf } from "./resolve-alias.ts";
import { createFileResolver, listSources } from "./resolve-file.ts";
import { listExported } from "./resolve-package.ts";
import { createTreePaths, normalise } from "./tree-paths.ts";

export interface EntryPointQuestion {
  readonly graph: ModuleGraph;
  /** Every package.json of the tree, with its text. */
  readonly packages: readonly { readonly path: string; readonly text: string }[];
  /** Every pyproject.toml of the tree, with its text. */
  readonly pyprojects?: readonly { readonly path: string; readonly text: string }[];
  /** agent.start: a program and its arguments, or a line for the shell. */
  readonly start: string | readonly string[];
  /** The agent's folder inside the tree, `.` for the root. */
  readonly directory: string;
  readonly isTest?: (path: string) => boolean;
}

/**
 * Where programs of a tree begin, sorted: what the agent is started with, what a package.json shows or runs, and where none of that names a module,
 * the modules that nobody imports. Pure.
 */
export function findEntryPoints(question: EntryPointQuestion): string[] {
  const { graph, packages, pyprojects = [], start, directory, isTest = () => false } = question;
  const tree = createTreePaths(graph.paths, new Map());
  const find = createFileResolver(tree, () => []);
  const found = new Set<string>();
  const add = (folder: string, written: string): void => {
    const path = normalise(`${folder}/${written}`, written);
    if (path === undefined || path === "" || path.includes("*")) return;
    const options = [path, ...listSources(written.replace(/^\.\//, "")).map((source) => normalise(`${folder}/${source}`, source) ?? "")];
    const ids = options.map((each) => find(each)).find((each) => each.length > 0) ?? [];
    for (const id of ids) if (graph.isModule[id] === 1) found.add(graph.paths[id] ?? "");
  };

  const home = normalise(directory) ?? "";
  for (const name of listPrograms(start)) add(home, name.startsWith("{release}/") ? `/${name}` : name);
  for (const name of listPrograms(start)) if (name.startsWith("{release}/")) add("", name.slice("{release}/".length));
  for (const { path, text } of packages) for (const written of listShown(text)) add(folderOf(path), written);
  for (const path of findPythonEntryPoints({ graph, start, home, projects: pyprojects })) found.add(path);
  return found.size > 0 ? [...found].sort() : findRoots(graph, isTest);
}

/** What a package.json shows to others or runs. */
function listShown(text: string): string[] {
  const facts = parsePackage(text);
  if (facts === undefined) return [];
  const json: unknown = JSON.parse(text.startsWith("\ufeff") ? text.slice(1) : text);
  const bin = own(json, "bin");
  const scripts = own(json, "scripts");
  const texts = (value: unknown): string[] =>
    typeof value === "object" && value !== null ? Object.values(value).filter((each) => typeof each === "string") : [];
  const exported =
    typeof facts.exports === "object" && facts.exports !== null ? Object.keys(facts.exports).filter((key) => key.startsWith(".") && !key.includes("*")) : [];
  return [
    ...(typeof bin === "string" ? [bin] : texts(bin)),
    ...[".", ...exported.slice(0, 200)].flatMap((subpath) => listExported(facts, subpath)),
    ...texts(scripts).flatMap((script) => listPrograms(script)),
  ];
}

/** The words of a command that name a module: `node --watch src/server.js`. */
function listPrograms(command: string | readonly string[]): string[] {
  const words = typeof command === "string" ? command.slice(0, 10_000).split(/[\s;&|()"']+/) : command.flatMap((part) => part.split(/[\s;&|()"']+/));
  return words.filter((word) => /\.[cm]?[jt]sx?$/.test(word) || (/^[.\w-]*\//.test(word) && !word.startsWith("-")));
}

/** Types alone, and what Python runs on the way to something else. */
const NO_ROOT = /\.d\.ts$|\.pyi$|(?:^|\/)(?:__init__|conftest|setup)\.py$/;

/** Nobody imports them. Where everything is imported, in a circle, there is no such place. */
function findRoots(graph: ModuleGraph, isTest: (path: string) => boolean): string[] {
  const { starts } = graph.dependents;
  return graph.paths.filter((path, id) => graph.isModule[id] === 1 && starts[id] === starts[id + 1] && !isTest(path) && !NO_ROOT.test(path));
}
