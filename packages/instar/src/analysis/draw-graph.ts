import type { DrawRequest } from "./analysis-request.ts";
import { buildGraph } from "./graph/build-graph.ts";
import { openGraphCache } from "./graph/graph-cache.ts";
import { renderGraph } from "./graph/render-graph.ts";

/** A version's modules and which needs which, as text for another program. */
export async function drawGraph({ tree, format, cachePath }: DrawRequest): Promise<{ modules: number; edges: number; text: string }> {
  const cache = cachePath === null ? undefined : await openGraphCache(cachePath);
  const { graph } = await buildGraph(tree, cache === undefined ? {} : { cache });
  // What cannot be kept is parsed again next time.
  await cache?.save().catch(() => undefined);
  const modules = graph.isModule.reduce((sum, is) => sum + is, 0);
  return { modules, edges: graph.dependencies.targets.length, text: renderGraph(graph, format) };
}
