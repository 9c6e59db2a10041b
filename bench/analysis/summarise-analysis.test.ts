import { describe, expect, it } from "vitest";
import type { AnalysisSamples } from "./analysis-samples.ts";
import { isChosenFile, placeOf } from "./choose-files.ts";
import { planAnalysis } from "./plan-analysis.ts";
import { planAnalysisBars } from "./plan-analysis-bars.ts";
import { summariseAnalysis } from "./summarise-analysis.ts";

const run = (seconds: number, peakMiB = 100) => ({ seconds, peakMiB, said: {} });
const round = (cold: number, peerCold: number) => ({ cold: run(cold), peerCold: run(peerCold), warm: run(0.5), peerKept: run(1), madge: run(20) });

const SAMPLES: AnalysisSamples = {
  tree: { files: 8_000, typescript: 1_000, sizeBytes: 30_000_000 },
  modules: 8_000,
  rounds: [round(1, 6), round(2, 16), round(10, 70)],
  secondVersion: { changed: 20, instar: run(1), peer: run(8) },
  queriesMs: [0.5, 1, 2],
  toDependencyCruiser: { ours: 100, theirs: 99, missing: [], extra: [["a.js", "b\n.js"]] },
  toMadge: { ours: 100, theirs: 101, missing: [["a.js", "c.js"]], extra: [] },
  growth: [{ files: 1_000, cold: run(1), warm: run(0.2), peerCold: run(3) }],
};

describe("what was measured becomes rows and bars", () => {
  it("a ratio is the median of the rounds', each of neighbours in time", () => {
    const { rows, figures } = summariseAnalysis(SAMPLES);
    expect(rows[0]).toMatchObject({ what: "graph, cold, 8000 files", unit: "s", ours: 2, peer: 16, peerName: "dependency-cruiser", ratio: 0.1429 });
    expect(figures.timesFasterCold).toBeCloseTo(7, 2);
  });

  it("the bars hold our warm run against their cold one, and their cache stands in a row of its own", () => {
    const { rows, figures } = summariseAnalysis(SAMPLES);
    expect(figures.timesFasterWarm).toBeCloseTo(32, 1);
    expect(rows.find(({ peerName, unit }) => peerName === "dependency-cruiser, its cache" && unit === "s")).toMatchObject({ ours: 0.5, peer: 1, ratio: 0.5 });
  });

  it("names the first edges that we lack, with names that stay on their line", () => {
    const notes = summariseAnalysis(SAMPLES).rows.filter(({ what }) => what.startsWith("edges that only"));
    expect(notes.map(({ ours, note }) => [ours, note])).toEqual([
      [0, undefined],
      [1, '"a.js" -> "b\\n.js"'],
      [1, '"a.js" -> "c.js"'],
      [0, undefined],
    ]);
  });

  it("all rows of a quick run are those of a full one but for the numbers of files", () => {
    const [quick, full] = [planAnalysis(true), planAnalysis(false)];
    expect(quick.files).toBeLessThan(full.files);
    expect([quick, full].map(({ rounds }) => rounds)).toEqual([1, 3]);
    expect(quick.growth).toHaveLength(full.growth.length);
    expect(full.growth).toEqual([1_000, 3_000, 30_000]);
  });
});

describe("the bars", () => {
  const met = (samples: AnalysisSamples) => planAnalysisBars(summariseAnalysis(samples).figures).map((bar) => bar.met);

  it("are met one by one", () => {
    expect(met(SAMPLES)).toEqual([true, true, true, true, false]);
    expect(met({ ...SAMPLES, toMadge: { ...SAMPLES.toMadge, missing: [] } })).toEqual([true, true, true, true, true]);
    expect(met({ ...SAMPLES, rounds: [round(1, 5.9)] })).toEqual([false, false, true, true, false]);
    expect(met({ ...SAMPLES, queriesMs: [0.5, 5.1] })).toEqual([true, true, false, true, false]);
  });

  it("are missed where nothing was measured", () => {
    expect(planAnalysisBars(undefined).filter((bar) => bar.met)).toEqual([]);
    expect(met({ ...SAMPLES, rounds: [], queriesMs: [], toDependencyCruiser: { ours: 5, theirs: 0, missing: [], extra: [] } })).toEqual(Array(5).fill(false));
  });
});

describe("a file of a package is taken into the tree", () => {
  it.each([
    ["src/index.ts", 10, true],
    ["lib/index.cjs", 10, true],
    ["src/test/index.tsx", 10, true],
    ["src/index.d.ts", 10, false],
    ["src/index.d.mts", 10, false],
    ["lib/all.min.js", 10, false],
    ["node_modules/other/index.js", 10, false],
    ["src/data.json", 10, false],
    ["src/bundle.js", 1_000_001, false],
  ])("%s of %d bytes: %s", (path, sizeBytes, isChosen) => {
    expect(isChosenFile(path, sizeBytes)).toBe(isChosen);
  });

  it("in a folder of its package's own", () => {
    expect(["zod", "@cesium/engine"].map(placeOf)).toEqual(["packages/zod", "packages/cesium-engine"]);
  });
});
