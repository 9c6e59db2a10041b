/** From a module to one that it imports; both are paths relative to the tree. */
export type Edge = readonly [from: string, to: string];

export interface EdgeComparison {
  /** Inside the tree, each once. */
  readonly ours: number;
  readonly theirs: number;
  /** Theirs that we lack, in order. */
  readonly missing: readonly Edge[];
  /** Ours that they lack, in order. */
  readonly extra: readonly Edge[];
}

/** Pure: only edges between files of the tree count: where else an import leads, each tool says in a manner of its own. */
export function compareEdges(ours: readonly Edge[], theirs: readonly Edge[], paths: readonly string[]): EdgeComparison {
  const inside = new Set(paths);
  const [mine, peers] = [ours, theirs].map(
    (edges) => new Map(edges.filter(([from, to]) => inside.has(from) && inside.has(to)).map((edge) => [edge.join("\0"), edge])),
  );
  const without = (these: ReadonlyMap<string, Edge> = new Map(), those: ReadonlyMap<string, Edge> = new Map()) =>
    [...these]
      .filter(([key]) => !those.has(key))
      .map(([, edge]) => edge)
      .sort(([a, b], [c, d]) => (`${a}\0${b}` < `${c}\0${d}` ? -1 : 1));
  return { ours: mine?.size ?? 0, theirs: peers?.size ?? 0, missing: without(peers, mine), extra: without(mine, peers) };
}
