import type { Edges } from "./module-graph.ts";

/** Lists of targets by id, laid flat: ascending, each once, nobody its own. */
export function layEdges(targetsOf: readonly (readonly number[])[]): Edges {
  const starts = new Uint32Array(targetsOf.length + 1);
  const flat: number[] = [];
  targetsOf.forEach((targets, id) => {
    const sorted = Uint32Array.from(targets).sort();
    let last = -1;
    for (const target of sorted) {
      if (target !== last && target !== id) flat.push(target);
      last = target;
    }
    starts[id + 1] = flat.length;
  });
  return { starts, targets: Uint32Array.from(flat) };
}

/** The same edges, asked from the other end. */
export function turnEdges({ starts, targets }: Edges): Edges {
  const turned = new Uint32Array(starts.length);
  for (const target of targets) turned[target + 1] = (turned[target + 1] ?? 0) + 1;
  for (let id = 1; id < turned.length; id++) turned[id] = (turned[id] ?? 0) + (turned[id - 1] ?? 0);
  const next = turned.slice();
  const sources = new Uint32Array(targets.length);
  for (let id = 0; id + 1 < starts.length; id++)
    for (let at = starts[id] ?? 0; at < (starts[id + 1] ?? 0); at++) {
      const target = targets[at] ?? 0;
      sources[next[target] ?? 0] = id;
      next[target] = (next[target] ?? 0) + 1;
    }
  return { starts: turned, targets: sources };
}

/** What lies behind an id. */
export const listEdges = ({ starts, targets }: Edges, id: number): Uint32Array => targets.subarray(starts[id] ?? 0, starts[id + 1] ?? 0);
