import { builtinModules } from "node:module";
import type { CheckResult } from "@instar/protocol";
import type { ModuleGraph } from "../graph/module-graph.ts";
import { compareFindings, type Found, judgeCheck } from "./compare-findings.ts";

export interface ImportsQuestion {
  readonly before: ModuleGraph | null;
  readonly after: ModuleGraph;
  /** Packages that any package.json of the tree names as a dependency, of whatever kind; null where that is not known. */
  readonly declared: readonly string[] | null;
  /** new path → path before */
  readonly renames: ReadonlyMap<string, string>;
}

/** Whether what modules ask for is there. An import that its module can live without is not asked about. */
export function checkImports({ before, after, declared, renames }: ImportsQuestion): CheckResult {
  const old = before === null ? null : findMissing(before, declared);
  const findings = compareFindings(old, findMissing(after, declared), renames);
  const changed = listNewlyUnreadable(before, after, renames);
  const unasked =
    changed.length > 0
      ? `what ${changed.length === 1 ? "a module imports" : `${changed.length} modules import`} is not known, first ${JSON.stringify(changed[0])}`
      : null;
  return judgeCheck({ check: "imports", tool: "module graph", before: old?.length ?? null, findings, unasked });
}

function findMissing(graph: ModuleGraph, declared: readonly string[] | null): Found[] {
  const unresolved = graph.unresolved
    .filter(({ isOptional }) => !isOptional)
    .map(({ id, specifier, line }): Found => {
      const path = graph.paths[id] ?? "";
      return { rule: "unresolved", path, line, severity: "error", message: `${quote(specifier)} leads nowhere`, identity: specifier };
    });
  return [...unresolved, ...(declared === null ? [] : findUndeclared(graph, new Set(declared)))];
}

function findUndeclared(graph: ModuleGraph, declared: ReadonlySet<string>): Found[] {
  return [...graph.externals].flatMap(([name, importers]) =>
    isBuiltIn(name) || declared.has(name) || declared.has(typesOf(name))
      ? []
      : importers.map((id): Found => {
          const message = `${quote(name)} is in no package.json: whether it is there is chance`;
          return { rule: "undeclared", path: graph.paths[id] ?? "", line: null, severity: "warning", message, identity: name };
        }),
  );
}

const BUILT_IN: ReadonlySet<string> = new Set(builtinModules);

/** Node's own, and what other runtimes and bundlers bring. */
const isBuiltIn = (name: string) => /^[a-z]+:/.test(name) || BUILT_IN.has(name.split("/", 1)[0] ?? name);

const typesOf = (name: string) => `@types/${name.replace(/^@([^/]+)\//, "$1__")}`;

function listNewlyUnreadable(before: ModuleGraph | null, after: ModuleGraph, renames: ReadonlyMap<string, string>): string[] {
  const old = new Set(before?.unreadable.map(({ id }) => before.paths[id]));
  return after.unreadable.flatMap(({ id }) => {
    const path = after.paths[id] ?? "";
    return old.has(renames.get(path) ?? path) ? [] : [path];
  });
}

const quote = (name: string) => JSON.stringify(name.length > 200 ? `${name.slice(0, 200)}…` : name);
