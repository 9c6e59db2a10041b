import type { ModuleGraph } from "../../../packages/instar/src/analysis/graph/module-graph.ts";
import type { Edge } from "../compare-edges.ts";

export function listEdges({ paths, dependencies: { starts, targets } }: ModuleGraph): Edge[] {
  return paths.flatMap((from, id) => Array.from(targets.subarray(starts[id], starts[id + 1]), (target): Edge => [from, paths[target] ?? ""]));
}
