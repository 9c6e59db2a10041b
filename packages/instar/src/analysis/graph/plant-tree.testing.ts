import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import type { SourceTree, TreeFile } from "../source-tree.ts";
import { type BuildOptions, buildGraph } from "./build-graph.ts";
import { listEdges } from "./lay-edges.ts";
import type { ModuleGraph } from "./module-graph.ts";

export type Planted = Readonly<Record<string, string | Uint8Array | { readonly link: string } | { readonly submodule: string }>>;

/** Real files in a folder of their own, gone with the test; `outside.js` lies beside the root. */
export function plantTree(files: Planted): SourceTree {
  const place = mkdtempSync(join(tmpdir(), "instar-graph-"));
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
  writeFileSync(join(place, "outside.js"), "import './secret.js';");
  const root = join(place, "tree");
  mkdirSync(root);
  const listed = Object.entries(files).map(([path, what]): TreeFile => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    const isBytes = typeof what === "string" || what instanceof Uint8Array;
    const bytes = isBytes ? Buffer.from(what) : Buffer.from(JSON.stringify(what));
    if (isBytes) writeFileSync(join(root, path), bytes);
    else if ("link" in what) symlinkSync(what.link, join(root, path));
    const kind = isBytes ? "file" : "link" in what ? "link" : "submodule";
    return { path, kind, sizeBytes: bytes.length, content: createHash("sha256").update(bytes).digest("hex") };
  });
  return { root, files: listed };
}

export async function graphOf(files: Planted, options: BuildOptions = {}): Promise<ModuleGraph> {
  return (await buildGraph(plantTree(files), options)).graph;
}

/** `a.js → b.js`, sorted. */
export function edgesOf({ paths, dependencies }: ModuleGraph): string[] {
  return paths.flatMap((path, id) => Array.from(listEdges(dependencies, id), (target) => `${path} → ${paths[target]}`));
}

/** What a module needs. */
export const needsOf = (graph: ModuleGraph, path: string): string[] =>
  Array.from(listEdges(graph.dependencies, graph.paths.indexOf(path)), (target) => graph.paths[target] ?? "");
