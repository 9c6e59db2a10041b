import { appendFileSync } from "node:fs";
import { join } from "node:path";
import type { Place } from "../place.ts";
import type { AnalysisSamples, GrowthSample, Round, SecondVersion } from "./analysis-samples.ts";
import { compareEdges } from "./compare-edges.ts";
import { commitTree, type MadeTree, makeTree } from "./make-tree.ts";
import type { AnalysisPlan } from "./plan-analysis.ts";
import { createSubjects } from "./subjects.ts";

/**
 * Draws the graph of one tree with Instar and with its peers. They take turns, so that a slow minute of the machine is everybody's, and each run
 * is a process of its own that finds the files in the page cache.
 */
export async function measureAnalysis(place: Place, plan: AnalysisPlan, say: (line: string) => void): Promise<AnalysisSamples> {
  say("copying sources into one project");
  const tree = await makeTree(place, "tree", { from: ["sources"], most: plan.files });
  const subjects = createSubjects(place, tree.root);
  const kept = join(place.folder, "kept");

  say(`${tree.paths.length} files: first runs, which keep what the later ones find`);
  const first = await subjects.instar({ kept, besides: ["save", "edges"] });
  await subjects.dependencyCruiser({ kept, besides: ["edges"] });

  const rounds: Round[] = [];
  for (let turn = 1; turn <= plan.rounds; turn += 1) {
    say(`${tree.paths.length} files: round ${turn} of ${plan.rounds}`);
    rounds.push({
      cold: await subjects.instar(),
      peerCold: await subjects.dependencyCruiser(),
      warm: await subjects.instar({ kept }),
      peerKept: await subjects.dependencyCruiser({ kept }),
      madge: await subjects.madge(),
    });
  }
  const edges = subjects.readEdges("instar");
  const queries = await subjects.instar({ kept, besides: ["queries"] });
  const secondVersion = await measureSecondVersion(place, plan, { tree, kept, say });
  return {
    tree: { files: tree.paths.length, typescript: tree.paths.filter((path) => /\.[mc]?tsx?$/.test(path)).length, sizeBytes: tree.sizeBytes },
    modules: first.said.modules,
    rounds,
    secondVersion,
    queriesMs: queries.said.queriesMs,
    toDependencyCruiser: compareEdges(edges, subjects.readEdges("dependency-cruiser"), tree.paths),
    toMadge: compareEdges(edges, subjects.readEdges("madge"), tree.paths),
    growth: await measureGrowth(place, plan, say),
  };
}

interface KeptTree {
  readonly tree: MadeTree;
  /** What both kept of the first version. */
  readonly kept: string;
  readonly say: (line: string) => void;
}

/** An update: some files are others than those that the caches know. Both save what they found, as they would in service: it comes after everything that needs the caches. */
async function measureSecondVersion(place: Place, plan: AnalysisPlan, { tree, kept, say }: KeptTree): Promise<SecondVersion> {
  const changed = tree.paths.filter((_, at) => at % Math.floor(tree.paths.length / plan.changed) === 0).slice(0, plan.changed);
  for (const path of changed) appendFileSync(join(tree.root, path), "\n// changed\n");
  await commitTree(place, tree.root);
  const subjects = createSubjects(place, tree.root);
  say(`${changed.length} files changed`);
  return {
    changed: changed.length,
    instar: await subjects.instar({ kept, besides: ["save"] }),
    peer: await subjects.dependencyCruiser({ kept }),
  };
}

async function measureGrowth(place: Place, plan: AnalysisPlan, say: (line: string) => void): Promise<GrowthSample[]> {
  const samples: GrowthSample[] = [];
  for (const most of plan.growth) {
    say(`growth: ${most} files`);
    const tree = await makeTree(place, `tree-${most}`, { from: plan.from, most });
    const subjects = createSubjects(place, tree.root);
    const kept = join(place.folder, `kept-of-${most}`);
    await subjects.instar({ kept, besides: ["save"] });
    samples.push({
      files: tree.paths.length,
      cold: await subjects.instar(),
      warm: await subjects.instar({ kept }),
      peerCold: await subjects.dependencyCruiser(),
    });
  }
  return samples;
}
