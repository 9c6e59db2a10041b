import type { ImpactReport } from "@instar/protocol";
import { expect, test } from "vitest";
import { sayImpact } from "./say-impact.ts";

const none = { total: 0, first: [] };
const report: Parameters<typeof sayImpact>[0] = {
  updateType: "minor",
  bump: "minor",
  impactLevel: "medium",
  impactBecause: "an entry point changes",
  risk: "low",
  files: { changed: 1, added: 0, deleted: 0, addedLines: 12, deletedLines: 3, sample: [] },
  modules: { total: 40, directly: { total: 2, first: [] }, indirectly: { total: 5, first: [] }, unexplained: none, isEverything: false },
  entryPoints: { total: 1, first: ["server.js"] },
  touches: none,
  dependencies: none,
  rollback: { complexity: "simple", because: "code alone", estimatedMs: null },
};

test("a harmless change is told in three sentences", () => {
  expect(sayImpact(report)).toEqual([
    "It is something new: 1 file with 12 lines more and 3 fewer. Its impact is medium: an entry point changes.",
    "2 modules of 40 changed or use what changed, 5 more reach it through others, among them 1 entry point.",
    "Going back would be simple: code alone.",
  ]);
});

test("what weakens a guard, what runs at the installation and what is odd of a package are said by name", () => {
  const touch = (path: string): ImpactReport["touches"]["first"][number] => ({
    kind: "tests",
    path,
    line: 1,
    by: "content",
    weakens: true,
    because: "an assertion is gone",
  });
  const said = sayImpact({
    ...report,
    modules: { ...report.modules, isEverything: true },
    touches: { total: 4, first: ["a", "b", "c", "d"].map(touch) },
    dependencies: {
      total: 1,
      first: [
        {
          name: "left",
          manager: "npm",
          lockfile: "l",
          kind: "added",
          from: [],
          to: ["1"],
          bump: "unknown",
          direct: true,
          installScripts: true,
          engines: null,
          concerns: ["from git"],
        },
      ],
    },
  }).join("\n");
  expect(said).toContain("Anything may behave differently");
  expect(said).toContain("a (an assertion is gone), b (an assertion is gone), c (an assertion is gone) and 1 more.");
  expect(said).toContain("1 package changes.");
  expect(said).toContain("while they are installed: left.");
  expect(said).toContain("left (from git)");
});
