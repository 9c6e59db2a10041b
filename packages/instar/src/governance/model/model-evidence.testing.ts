import type { ModelEvidence } from "./model-evidence.ts";

/** A harmless update, to be changed where a test needs it otherwise. */
export function makeEvidence(parts: Partial<ModelEvidence> = {}): ModelEvidence {
  return {
    versions: { from: "1.4.0", to: "1.4.1" },
    impact: {
      updateType: "patch",
      bump: "patch",
      impactLevel: "low",
      impactBecause: "only the parser changed",
      risk: "low",
      score: 14,
      factors: [{ name: "size", weight: 4, atLeast: null, because: "2 files changed", paths: { total: 1, first: ["src/parse.ts"] } }],
      files: { changed: 2, added: 0, deleted: 0, addedLines: 10, deletedLines: 3, sample: ["src/parse.ts", "src/parse.test.ts"] },
      touches: { total: 1, first: [{ kind: "tests", path: "src/parse.test.ts", line: 3, by: "name", weakens: false, because: "a test was added" }] },
      dependencies: {
        total: 1,
        first: [
          {
            name: "semver",
            manager: "npm",
            lockfile: "package-lock.json",
            kind: "changed",
            from: ["7.8.5"],
            to: ["7.8.6"],
            bump: "patch",
            direct: true,
            installScripts: false,
            engines: null,
            concerns: [],
          },
        ],
      },
      checks: [{ check: "syntax", tool: "oxc", verdict: "pass", because: "nothing new", before: 0, after: 0, findings: { total: 0, first: [] } }],
    },
    tests: { verdict: "pass", because: "212 tests passed in 3 s" },
    stages: [{ stage: "unit_tests", verdict: "pass", gate: "required", because: "212 tests passed" }],
    rehearsal: { verdict: "pass", because: "both answered alike" },
    commits: { total: 1, first: ["parser: an empty line is none"] },
    diff: "--- a/src/parse.ts\n+++ b/src/parse.ts\n@@ -1 +1 @@\n-if (a < b) go();\n+if (a <= b) go();\n",
    lessons: ["1.3.0 was put back: it answered 500 without its cache"],
    policy: { outcome: "proceed", because: "every gate passed" },
    ...parts,
  };
}
