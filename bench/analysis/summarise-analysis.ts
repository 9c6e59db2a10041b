import { type Row, row } from "../bench-report.ts";
import { median, percentile } from "../percentile.ts";
import type { AnalysisSamples } from "./analysis-samples.ts";
import type { EdgeComparison } from "./compare-edges.ts";
import type { Run } from "./measure-process.ts";
import type { AnalysisFigures } from "./plan-analysis-bars.ts";

const CRUISER = "dependency-cruiser";
const KEPT = "dependency-cruiser, its cache";
const MADGE = "madge";

/** Pure: medians of the rounds; a ratio is the median of the rounds' ratios, each of neighbours in time. */
export function summariseAnalysis(samples: AnalysisSamples): { rows: Row[]; figures: AnalysisFigures } {
  const { tree, rounds, secondVersion, queriesMs, toDependencyCruiser, toMadge, growth } = samples;
  const compare = (what: string, of: "seconds" | "peakMiB", ours: readonly Run[], peer: string, theirs: readonly Run[], note?: string) => {
    const [mine, peers] = [ours, theirs].map((runs) => runs.map((run) => run[of])) as [number[], number[]];
    const ratio = median(mine.map((value, turn) => value / (peers[turn] ?? Number.NaN)));
    return row(what, of === "seconds" ? "s" : "MiB", median(mine), peer, median(peers), note, ratio);
  };
  const pick = <Name extends string>(of: readonly Readonly<Record<Name, Run>>[], name: Name) => of.map((round) => round[name]);
  const [cold, warm] = [pick(rounds, "cold"), pick(rounds, "warm")];
  const [peerCold, peerKept, madge] = [pick(rounds, "peerCold"), pick(rounds, "peerKept"), pick(rounds, "madge")];

  const files = `${tree.files} files`;
  const coldRow = compare(`graph, cold, ${files}`, "seconds", cold, CRUISER, peerCold, WHOLE_PROCESS);
  const warmRow = compare("graph, nothing changed since it was kept", "seconds", warm, CRUISER, peerCold, "ours warm, theirs cold: the bar");
  const rows = [
    coldRow,
    compare(`graph, cold, ${files}`, "seconds", cold, MADGE, madge),
    warmRow,
    compare(
      "graph, nothing changed since it was kept",
      "seconds",
      warm,
      KEPT,
      peerKept,
      "both warm: theirs answers from its cache only where nothing at all changed",
    ),
    compare(`graph, ${secondVersion.changed} files changed since`, "seconds", [secondVersion.instar], KEPT, [secondVersion.peer], "both save what they found"),
    compare("peak memory, cold", "peakMiB", cold, CRUISER, peerCold),
    compare("peak memory, cold", "peakMiB", cold, MADGE, madge),
    compare("peak memory, warm", "peakMiB", warm, KEPT, peerKept),
    row(
      "what one change reaches, median",
      "ms",
      percentile(queriesMs, 0.5),
      null,
      null,
      `${queriesMs.length} modules, among them the 50 that most others import`,
    ),
    row("what one change reaches, 99th percentile", "ms", percentile(queriesMs, 0.99), null, null),
    row("what one change reaches, worst", "ms", percentile(queriesMs, 1), null, null, "the first queries of a process are among them"),
    ...renderEdges(CRUISER, toDependencyCruiser),
    ...renderEdges(MADGE, toMadge),
    ...growth.flatMap((sample) => [
      compare(`graph, cold, ${sample.files} files`, "seconds", [sample.cold], CRUISER, [sample.peerCold]),
      compare(`graph, warm, ${sample.files} files`, "seconds", [sample.warm], CRUISER, [sample.peerCold], "ours warm, theirs cold"),
      compare(`peak memory, cold, ${sample.files} files`, "peakMiB", [sample.cold], CRUISER, [sample.peerCold]),
    ]),
  ];
  return {
    rows,
    figures: {
      timesFasterCold: invert(coldRow.ratio),
      timesFasterWarm: invert(warmRow.ratio),
      queryMs: queriesMs.length === 0 ? null : percentile(queriesMs, 0.99),
      missingOfDependencyCruiser: lackOf(toDependencyCruiser),
      missingOfMadge: lackOf(toMadge),
    },
  };
}

const WHOLE_PROCESS = "medians; a process of its own each, from its start to its end; ours lists the commit with git, theirs walks the folder";

/** Where a peer found nothing at all, nothing was compared. */
const lackOf = ({ theirs, missing }: EdgeComparison): number | null => (theirs === 0 ? null : missing.length);

const invert = (ratio: number | null): number | null => (ratio === null || ratio === 0 ? null : 1 / ratio);

const SHOWN = 3;

function renderEdges(peer: string, { ours, theirs, missing, extra }: EdgeComparison): Row[] {
  const first = (edges: EdgeComparison["missing"]) =>
    edges
      .slice(0, SHOWN)
      .map(([from, to]) => `${JSON.stringify(from)} -> ${JSON.stringify(to)}`)
      .join(", ");
  return [
    row("edges between files of the tree", "edges", ours, peer, theirs),
    row("edges that only the peer finds", "edges", missing.length, peer, null, first(missing)),
    row("edges that only Instar finds", "edges", extra.length, peer, null, first(extra)),
  ];
}
