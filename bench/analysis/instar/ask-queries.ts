import type { Edit } from "../../../packages/instar/src/analysis/edit.ts";
import type { ModuleGraph } from "../../../packages/instar/src/analysis/graph/module-graph.ts";
import { planBlastRadius } from "../../../packages/instar/src/analysis/graph/plan-blast-radius.ts";
import { isDocumentPath } from "../../../packages/instar/src/analysis/touches/is-document-path.ts";
import { isTestPath } from "../../../packages/instar/src/analysis/touches/is-test-path.ts";

const SPREAD = 200;
const MOST_NEEDED = 50;

/** Milliseconds of each: what one changed module reaches; modules from all over the tree, and those that most others import. */
export function askQueries(graph: ModuleGraph): number[] {
  const { paths, isModule, dependents } = graph;
  const ids = paths.map((_, id) => id).filter((id) => isModule[id] === 1);
  const importers = (id: number) => (dependents.starts[id + 1] ?? 0) - (dependents.starts[id] ?? 0);
  const spread = ids.filter((_, place) => place % Math.ceil(ids.length / SPREAD) === 0);
  const mostNeeded = ids.toSorted((a, b) => importers(b) - importers(a)).slice(0, MOST_NEEDED);
  return [...spread, ...mostNeeded].map((id) => {
    const edits = [editOf(paths[id] ?? "")];
    const begunMs = performance.now();
    planBlastRadius({ before: graph, after: graph, edits, entryPoints: [], isTest: isTestPath, isHarmless: isDocumentPath });
    return performance.now() - begunMs;
  });
}

const REGULAR = 0o100644;

const editOf = (path: string): Edit => ({
  path,
  status: "modified",
  addedLines: 1,
  deletedLines: 1,
  modeBefore: REGULAR,
  modeAfter: REGULAR,
  before: "export const value = 1;\n",
  after: "export const value = 2;\n",
  hasText: true,
});
