import { listEdges } from "./lay-edges.ts";
import type { ModuleGraph } from "./module-graph.ts";

/** A graph for another program: Graphviz' DOT, or JSON. Names of the tree stand quoted in it, whatever they hold. */
export function renderGraph(graph: ModuleGraph, format: "dot" | "json"): string {
  return format === "dot" ? renderDot(graph) : renderJson(graph);
}

function renderDot(graph: ModuleGraph): string {
  const lines = ["digraph modules {", "  rankdir=LR;", '  node [shape=box, fontname="sans-serif"];'];
  graph.paths.forEach((path, id) => {
    const targets = listEdges(graph.dependencies, id);
    const isNeeded = listEdges(graph.dependents, id).length > 0;
    if (graph.isModule[id] !== 1 && targets.length === 0 && !isNeeded) return;
    lines.push(`  n${id} [label=${quote(path)}${graph.isModule[id] === 1 ? "" : ", style=dashed"}];`);
    for (const target of targets) lines.push(`  n${id} -> n${target};`);
  });
  return `${lines.join("\n")}\n}\n`;
}

/** Nodes have numbers for names; a label takes anything between quotes, where only a backslash and a quote mean something, and control characters break readers. */
function quote(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  const shown = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return `"${shown.replace(/[\\"]/g, "\\$&")}"`;
}

function renderJson({ paths, isModule, dependencies, externals, unresolved, unreadable }: ModuleGraph): string {
  const modules = paths.flatMap((path, id) =>
    isModule[id] === 1 ? [{ path, needs: Array.from(listEdges(dependencies, id), (target) => paths[target]) }] : [],
  );
  return JSON.stringify({
    modules,
    externals: Array.from(externals, ([name, ids]) => ({ name, importedBy: ids.map((id) => paths[id]) })),
    unresolved: unresolved.map(({ id, specifier, line, isOptional }) => ({ path: paths[id], specifier, line, isOptional })),
    unreadable: unreadable.map(({ id, because }) => ({ path: paths[id], because })),
  });
}
