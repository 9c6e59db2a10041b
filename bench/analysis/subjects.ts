import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Place } from "../place.ts";
import type { Edge } from "./compare-edges.ts";
import { measureProcess, type Run } from "./measure-process.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** What ours says of a run. */
export interface InstarSaid {
  readonly modules: number;
  readonly parsed: number;
  readonly reused: number;
  readonly queriesMs: readonly number[];
}

/** The three that draw a graph of the tree at `root`, each run a process of its own. `kept` is a folder where both caches may lie. */
export function createSubjects(place: Place, root: string) {
  const edgesOf = (name: string) => join(place.folder, `${name}-edges.json`);
  return {
    instar: (options: { kept?: string; besides?: readonly ("save" | "edges" | "queries")[] } = {}): Promise<Run<InstarSaid>> =>
      measureProcess(place, root, here("instar/run-instar.ts"), [
        root,
        options.kept === undefined ? "-" : join(options.kept, "instar-graph"),
        edgesOf("instar"),
        ...(options.besides ?? []),
      ]),
    dependencyCruiser: (options: { kept?: string; besides?: readonly "edges"[] } = {}): Promise<Run> =>
      measureProcess(place, root, here("peers/run-dependency-cruiser.mjs"), [
        options.kept === undefined ? "-" : join(options.kept, "dependency-cruiser"),
        ...(options.besides === undefined ? [] : [edgesOf("dependency-cruiser")]),
      ]),
    /** Writes its edges each time, which is nothing beside the rest. */
    madge: (): Promise<Run> => measureProcess(place, root, here("peers/run-madge.mjs"), [edgesOf("madge")]),
    /** As the last run that was asked for them left them. */
    readEdges: (name: "instar" | "dependency-cruiser" | "madge"): readonly Edge[] => JSON.parse(readFileSync(edgesOf(name), "utf8")) as Edge[],
  };
}
