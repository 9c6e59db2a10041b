import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ImpactQuestion, planImpact } from "./plan-impact.ts";

const RISKS = ["minimal", "low", "medium", "high", "critical"] as const;
const files = (...paths: string[]) => paths.map((path) => ({ path, addedLines: 1, deletedLines: 0 }));
const ask = (paths: readonly string[], parts: Partial<ImpactQuestion> = {}) =>
  planImpact(files(...paths), { bump: "patch", lockfiles: ["package-lock.json"], ...parts });

describe("what a change touches", () => {
  for (const [name, paths, risk, factors] of [
    ["documents alone are a minimal risk", ["README.md", "docs/how.html", "LICENSE"], "minimal", ["only documents changed"]],
    ["no change at all is a minimal risk", [], "minimal", ["no file changed"]],
    ["code is a low risk", ["src/agent.js"], "low", ["1 files that can change behaviour"]],
    ["what no rule knows counts as code", ["strange.bin"], "low", ["1 files that can change behaviour"]],
    ["dependencies are a medium risk", ["package-lock.json"], "medium", ["1 files that can change behaviour", "dependencies change"]],
    ["another folder's lockfile is not the agent's", ["tools/package-lock.json"], "low", ["1 files that can change behaviour"]],
    [
      "a change of the tests is a medium risk: it judges itself",
      ["src/agent.test.js"],
      "medium",
      ["1 files that can change behaviour", "it changes the tests that judge it"],
    ],
    ["a folder of tests counts as tests", ["tests/it.py"], "medium", ["1 files that can change behaviour", "it changes the tests that judge it"]],
    ["migrations are a high risk", ["db/migrations/1.sql"], "high", ["1 files that can change behaviour", "it touches migrations or a schema"]],
    ["a schema is a high risk", ["schema.sql"], "high", ["1 files that can change behaviour", "it touches migrations or a schema"]],
    ["fifty files of code are a low risk", Array.from({ length: 50 }, (_, index) => `src/${index}.js`), "low", ["50 files that can change behaviour"]],
    ["more are a medium one", Array.from({ length: 51 }, (_, index) => `src/${index}.js`), "medium", ["51 files that can change behaviour"]],
  ] as const)
    it(name, () => expect(ask(paths)).toMatchObject({ risk, factors, filesChanged: paths.length }));

  for (const [bump, risk, factor] of [
    ["none", "minimal", undefined],
    ["patch", "minimal", undefined],
    ["first", "minimal", undefined],
    ["minor", "low", "a minor version"],
    ["unknown", "medium", "versions that cannot be compared"],
    ["major", "high", "a major version"],
    ["downgrade", "high", "a lower version than the one that runs"],
  ] as const)
    it(`the bump '${bump}' is at least ${risk}, though only documents changed`, () => {
      const impact = ask(["README.md"], { bump });
      expect(impact.risk).toBe(risk);
      if (factor !== undefined) expect(impact.factors).toContain(factor);
    });

  for (const [name, paths, bump, type] of [
    ["settings alone", ["agent.yaml", "limits.json"], "major", "config"],
    ["settings beside code", ["agent.yaml", "agent.js"], "minor", "minor"],
    ["nothing", [], "none", "patch"],
    ["a major version", ["a.js"], "major", "major"],
    ["a lower version", ["a.js"], "downgrade", "patch"],
  ] as const)
    it(`calls ${name} ${type}`, () => expect(ask(paths, { bump }).updateType).toBe(type));

  it("never gets safer by changing more", () =>
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("README.md", "src/a.js", "package-lock.json", "db/schema.sql", "a.test.js", "x.yaml"), { maxLength: 60 }),
        fc.constantFrom("README.md", "src/b.js", "package-lock.json", "migrations/2.sql", "b.spec.ts"),
        (paths, more) => {
          expect(RISKS.indexOf(ask([...paths, more]).risk)).toBeGreaterThanOrEqual(RISKS.indexOf(ask(paths).risk));
        },
      ),
    ));
});
