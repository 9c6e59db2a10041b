import { describe, expect, it } from "vitest";
import { planSandboxBars } from "./plan-sandbox-bars.ts";
import { planSandboxBench } from "./plan-sandbox-bench.ts";
import type { SandboxSamples } from "./sandbox-samples.ts";
import { summariseSandbox } from "./summarise-sandbox.ts";

const starts = (ms: number) => [ms, ms + 1, ms + 2].map((value) => ({ firstOutputMs: value, endMs: value * 2 }));
const allStarts = { bare: starts(20), none: starts(40), bubblewrap: starts(50), "sandbox-runtime": starts(90) };

const SAMPLES: SandboxSamples = {
  starts: { sh: allStarts, node: allStarts },
  calls: { bare: [0.1, 0.2, 0.3], none: [0.1, 0.2, 0.3], bubblewrap: [0.2, 0.4], "sandbox-runtime": "there is no ripgrep" },
  suites: {
    own: { bare: [100, 200, 1_000], none: [100, 200, 1_000], bubblewrap: [130, 240, 3_000], "sandbox-runtime": [1, 1, 1] },
    real: { bare: "could not be measured", none: [100], bubblewrap: [100], "sandbox-runtime": [100] },
  },
  tests: 240,
};

describe("what was measured becomes rows and bars", () => {
  const { rows, figures } = summariseSandbox(SAMPLES);
  const find = (what: string) => rows.find((row) => row.what.includes(what));

  it("a start is told by its median, and beside the bare one of the same run", () => {
    expect(find("Node: asked for until its first output (bubblewrap)")).toMatchObject({ unit: "ms", ours: 51, peer: 21, peerName: "bare" });
    expect(find("Node: asked for until nothing of it is left (none)")).toMatchObject({ ours: 82, peer: 42 });
    expect(figures.startMs).toBe(51);
  });

  it("a suite's ratio is the median of the rounds', each of neighbours in time", () => {
    expect(find("node --test, 240 tests (bubblewrap)")).toMatchObject({ ours: 240, peer: 200, ratio: 1.3 });
    expect(figures.ownSuiteRatio).toBe(1.3);
  });

  it("calls are told in microseconds", () => {
    expect(find("a request to an agent that stays, median (bubblewrap)")).toMatchObject({ unit: "us", ours: 300, peer: 200, ratio: 1.5 });
  });

  it("what is not there has a reason and no number, and what has no peer has no ratio", () => {
    expect(find("a request to an agent that stays, median (sandbox-runtime)")).toMatchObject({ ours: null, ratio: null, note: "there is no ripgrep" });
    expect(find("Vitest, tests of Instar's own decisions (bubblewrap)")).toMatchObject({ ours: 100, peer: null, ratio: null });
    expect(figures.realSuiteRatio).toBe(null);
  });

  it("the bars are met one by one, and never by what was not measured", () => {
    expect(planSandboxBars(figures).map(({ met }) => met)).toEqual([true, true, false]);
    expect(planSandboxBars({ startMs: 80.1, ownSuiteRatio: 1.51, realSuiteRatio: 1.5 }).map(({ met }) => met)).toEqual([false, false, true]);
    expect(planSandboxBars(undefined).every(({ met }) => !met)).toBe(true);
  });

  it("both runs have at least 200 tests in five files", () => {
    for (const plan of [planSandboxBench(true), planSandboxBench(false)]) {
      expect(plan.files).toBeGreaterThanOrEqual(5);
      expect(plan.files * plan.testsInFile).toBeGreaterThanOrEqual(200);
    }
  });
});
