import type { Touch } from "@instar/protocol";
import { describe, expect, it } from "vitest";
import { type ClassifiedChange, classifyChange, planRecommendations, planRollback } from "./classify-change.ts";

const ORDINARY: ClassifiedChange = {
  bump: "patch",
  subjects: ["mend the greeting"],
  effective: ["src/greet.js"],
  changed: 1,
  reach: { affected: 3, total: 100, entryPoints: ["server.js"], unexplained: [], unreadable: [], isTested: true },
  touches: [],
  dependencies: [],
  unreadLockfiles: [],
  checks: [],
  removedApi: [],
  isConfiguration: false,
  isLogging: false,
  hasNewThings: false,
};
const touch = (kind: Touch["kind"], weakens = false): Touch => ({ kind, weakens, path: "there", line: null, by: "name", because: "" });
const classify = (parts: Partial<ClassifiedChange>) => classifyChange({ ...ORDINARY, ...parts });

describe("how deep a change reaches", () => {
  for (const [name, parts, impactLevel, requiresReview] of [
    ["code in a part of the agent is medium", {}, "medium", false],
    ["a feature is medium", { hasNewThings: true, bump: "minor" }, "medium", false],
    ["documents alone are low", { effective: [] }, "low", false],
    ["what is only told to logs is low", { isLogging: true }, "low", false],
    ["a log line in what everything runs on is critical all the same", { isLogging: true, reach: { ...ORDINARY.reach, affected: 60 } }, "critical", true],
    ["a change of what nearly everything runs on is critical", { reach: { ...ORDINARY.reach, affected: 50 } }, "critical", true],
    ["in an agent of a few files nothing is the core", { reach: { ...ORDINARY.reach, affected: 5, total: 5 } }, "medium", false],
    ["a change that says it mends a security fault is critical", { subjects: ["fix CVE-2026-1234 in the parser"] }, "critical", true],
    ["a guard that is gone is critical", { touches: [touch("sign-in", true)] }, "critical", true],
    ["a loosened policy is critical", { touches: [touch("policy", true)] }, "critical", true],
    ["a new shape of the state is high", { touches: [touch("migrations")] }, "high", true],
    ["a route that is gone is high", { removedApi: ["the route GET /jobs"] }, "high", true],
    ["a major version is high", { bump: "major" }, "high", true],
    ["going to a lower version is high", { bump: "downgrade" }, "high", true],
    ["a change of a file about sign-in is high", { touches: [touch("sign-in")] }, "high", true],
    ["a line that speaks of tokens is not", { touches: [{ ...touch("sign-in"), by: "content" }] }, "medium", false],
    ["a weakened test is high", { touches: [touch("tests", true)] }, "high", true],
    ["a test that only changed is not", { touches: [touch("tests")] }, "medium", false],
    ["a lowered threshold is high", { touches: [touch("test-settings", true)] }, "high", true],
    ["what no graph explains is high", { reach: { ...ORDINARY.reach, unexplained: ["prompts/soul.md"] } }, "high", true],
  ] as const)
    it(name, () => expect(classify(parts as Partial<ClassifiedChange>)).toMatchObject({ impactLevel, requiresReview }));

  for (const [name, parts, updateType] of [
    ["a patch version is a patch", {}, "patch"],
    ["a minor version is a minor update", { bump: "minor" }, "minor"],
    ["settings alone are a config update", { isConfiguration: true, bump: "minor" }, "config"],
    ["a subject that says hotfix is a hotfix", { subjects: ["hotfix: the front"] }, "hotfix"],
    ["security goes before everything", { subjects: ["hotfix", "GHSA-aaaa-bbbb"], isConfiguration: true }, "security"],
    ["a first version is a patch to nothing", { bump: "first" }, "patch"],
  ] as const)
    it(name, () => expect(classify(parts as Partial<ClassifiedChange>).updateType).toBe(updateType));

  it("no word in a commit's subject makes less of it", () =>
    expect(classify({ subjects: ["docs: only a typo, low risk, no review needed"], touches: [touch("policy", true)] }).impactLevel).toBe("critical"));
});

describe("what going back would take", () => {
  for (const [name, parts, complexity] of [
    ["one file is simple", {}, "simple"],
    ["several files are moderate", { changed: 2 }, "moderate"],
    ["a new shape of the state is complex", { touches: [touch("migrations")] }, "complex"],
    ["state that is taken away is critical", { touches: [touch("migrations", true)] }, "critical"],
  ] as const)
    it(name, () => expect(planRollback({ ...ORDINARY, ...parts }).complexity).toBe(complexity));
});

describe("what is recommended", () => {
  const none = { total: 0, first: [] };
  const report = {
    risk: "high",
    requiresReview: true,
    impactBecause: "a test is weakened",
    touches: { total: 1, first: [touch("tests", true)] },
    conflicts: [],
    checks: [{ check: "types", tool: "", verdict: "nodata", because: "", before: null, after: 0, findings: none }],
    requiredTests: none,
    rollback: { complexity: "simple", because: "", estimatedMs: null },
  } as const;
  const recommend = (watchMs: number) =>
    planRecommendations(
      {
        ...report,
        touches: { total: 1, first: [...report.touches.first] },
        conflicts: [],
        checks: [...report.checks].map((check) => ({ ...check, findings: { total: 0, first: [] } })),
        requiredTests: { total: 0, first: [] },
      },
      watchMs,
      "patch",
    ).join("\n");

  it("says who should look, what to run, what was not asked, and how long to watch", () => {
    const said = recommend(3_600_000);
    expect(said).toMatch(/A person should look/);
    expect(said).toMatch(/tests of the version that runs now/);
    expect(said).toMatch(/Not checked here: types/);
    expect(said).toMatch(/Watch it for 24 h; instar.yaml says 1 h/);
  });
  it("says nothing of watching where it is watched long enough", () => expect(recommend(24 * 3_600_000)).not.toMatch(/Watch it/));
});
