// Instar's module graph of a commit, in a process of its own as an analysis job has it. argv: the tree's folder, where its cache lies or "-",
// where edges go, and what to do when the graph is there: "save" keeps what was parsed, "queries" asks what changes reach, "edges" writes them.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildGraph } from "../../../packages/instar/src/analysis/graph/build-graph.ts";
import { openGraphCache } from "../../../packages/instar/src/analysis/graph/graph-cache.ts";
import { openGitMirror } from "../../../packages/instar/src/sources/git-mirror.ts";
import { listTree } from "../../../packages/instar/src/sources/list-tree.ts";
import { sayResult } from "../peers/say-result.mjs";
import { askQueries } from "./ask-queries.ts";
import { listEdges } from "./list-edges.ts";

const [root = "", cachePath = "-", edgesPath = "", ...besides] = process.argv.slice(2);
// Names of contents come from git's listing, as they do in service; it is read anew in each run and counts.
const entries = await listTree(openGitMirror(join(root, ".git"), { path: process.env.PATH ?? "" }), "HEAD");
const files = entries.map(({ path, kind, sizeBytes, object }) => ({ path, kind, sizeBytes, content: object }));
const cache = cachePath === "-" ? undefined : await openGraphCache(cachePath);
const { graph, parsed, reused } = await buildGraph({ root, files: files.toSorted((a, b) => (a.path < b.path ? -1 : 1)) }, cache && { cache });
if (besides.includes("save")) await cache?.save();
if (besides.includes("edges")) writeFileSync(edgesPath, JSON.stringify(listEdges(graph)));
sayResult({ modules: graph.isModule.reduce((sum, is) => sum + is, 0), parsed, reused, queriesMs: besides.includes("queries") ? askQueries(graph) : [] });
