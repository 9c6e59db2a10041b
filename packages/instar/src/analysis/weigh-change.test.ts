import { type CheckResult, type DependencyChange, RISKS, TOUCH_KINDS, type Touch } from "@instar/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ChangeEvidence, riskOf, scoreFactors, weighChange } from "./weigh-change.ts";

const NOTHING: ChangeEvidence = {
  bump: "patch",
  effective: [],
  changed: 0,
  reach: { affected: 0, total: 100, entryPoints: [], unexplained: [], unreadable: [], isTested: true },
  touches: [],
  dependencies: [],
  unreadLockfiles: [],
  checks: [],
  removedApi: [],
};
const code = (...effective: string[]): Partial<ChangeEvidence> => ({
  effective,
  changed: effective.length,
  reach: { ...NOTHING.reach, affected: effective.length },
});
const touch = (kind: Touch["kind"], weakens = false): Touch => ({ kind, weakens, path: "a file", line: 3, by: "content", because: "a reason" });
const packageChange = (parts: Partial<DependencyChange>): DependencyChange => ({
  name: "left-pad",
  manager: "npm",
  lockfile: "package-lock.json",
  kind: "changed",
  from: ["1.0.0"],
  to: ["1.0.1"],
  bump: "patch",
  direct: true,
  installScripts: false,
  engines: null,
  concerns: [],
  ...parts,
});
const check = (name: CheckResult["check"], verdict: CheckResult["verdict"] = "fail"): CheckResult => ({
  check: name,
  tool: "",
  verdict,
  because: "worse",
  before: 0,
  after: 1,
  findings: { total: 0, first: [] },
});
const weigh = (parts: Partial<ChangeEvidence>) => weighChange({ ...NOTHING, ...parts });

describe("the risk of a change", () => {
  for (const [name, parts, risk, factor] of [
    ["is minimal where no file changed", {}, "minimal", "size"],
    ["is minimal where only documents changed", { changed: 3 }, "minimal", "size"],
    ["is low for a file of code that tests reach", code("a.js"), "low", "size"],
    ["is low for a minor version", { ...code("a.js"), bump: "minor" }, "low", "version"],
    ["is high for a major version, though only documents changed", { changed: 1, bump: "major" }, "high", "version"],
    ["is high for a lower version", { ...code("a.js"), bump: "downgrade" }, "high", "version"],
    ["is medium for versions that cannot be compared", { changed: 1, bump: "unknown" }, "medium", "version"],
    ["is medium for more than fifty files", code(...Array.from({ length: 51 }, (_, index) => `${index}.js`)), "medium", "size"],
    [
      "is medium where no graph explains a file",
      { ...code("a.sql"), reach: { ...NOTHING.reach, affected: 100, unexplained: ["a.sql"] } },
      "medium",
      "unexplained",
    ],
    ["is medium where a module could not be read", { ...code("a.js"), reach: { ...NOTHING.reach, affected: 1, unreadable: ["a.js"] } }, "medium", "unreadable"],
    ["is medium where the tests are touched", { ...code("a.test.js"), touches: [touch("tests")] }, "medium", "tests"],
    ["is high where an assertion is gone", { ...code("a.test.js"), touches: [touch("tests", true)] }, "high", "tests weakened"],
    ["is high where a threshold is lowered", { ...code("vitest.config.ts"), touches: [touch("test-settings", true)] }, "high", "test-settings weakened"],
    ["is medium where CI is touched", { ...code("ci.yml"), touches: [touch("ci")] }, "medium", "ci"],
    ["is high where policy is touched", { ...code("instar.yaml"), touches: [touch("policy")] }, "high", "policy"],
    ["is critical where policy is loosened", { ...code("instar.yaml"), touches: [touch("policy", true)] }, "critical", "policy weakened"],
    ["is high where a file about sign-in is touched", { ...code("auth.js"), touches: [{ ...touch("sign-in"), by: "name" }] }, "high", "sign-in"],
    ["is medium where a changed line only speaks of tokens", { ...code("chat.js"), touches: [touch("sign-in")] }, "medium", "sign-in"],
    ["is critical where a guard is gone", { ...code("auth.js"), touches: [touch("sign-in", true)] }, "critical", "sign-in weakened"],
    ["is high where the schema changes", { ...code("1.sql"), touches: [touch("migrations")] }, "high", "migrations"],
    ["is critical where state is dropped", { ...code("1.sql"), touches: [touch("migrations", true)] }, "critical", "migrations weakened"],
    ["is medium where what runs the agent changes", { ...code("Dockerfile"), touches: [touch("runner")] }, "medium", "runner"],
    ["is medium where packages change", { ...code("package-lock.json"), dependencies: [packageChange({})] }, "medium", "packages"],
    ["is high where a package runs a program of its own", { ...code("p"), dependencies: [packageChange({ installScripts: true })] }, "high", "install scripts"],
    [
      "is high where the same version has other bytes",
      { ...code("p"), dependencies: [packageChange({ concerns: ["other bytes"] })] },
      "high",
      "package concerns",
    ],
    ["is high where the lockfile cannot be understood", { ...code("yarn.lock"), unreadLockfiles: ["yarn.lock"] }, "high", "unread lockfile"],
    ["is critical where a file no longer parses", { ...code("a.js"), checks: [check("syntax")] }, "critical", "syntax check"],
    ["is high where an import leads nowhere", { ...code("a.js"), checks: [check("imports")] }, "high", "imports check"],
    ["is low where only the style got worse", { ...code("a.js"), checks: [check("style")] }, "low", "style check"],
    ["is medium where an interface is gone", { ...code("a.js"), removedApi: ["the route GET /"] }, "medium", "interface"],
  ] as const)
    it(name, () => {
      const factors = weigh(parts as Partial<ChangeEvidence>);
      expect(riskOf(factors)).toBe(risk);
      expect(factors.map(({ name: each }) => each)).toContain(factor);
    });

  it("is not raised by a check that passed or that could not be asked", () =>
    expect(weigh({ ...code("a.js"), checks: [check("types", "pass"), check("security", "nodata")] })).toEqual(weigh(code("a.js"))));

  it("names every factor's points, and the sum never passes a hundred", () => {
    const factors = weigh({
      ...code("a.js"),
      bump: "major",
      touches: TOUCH_KINDS.map((kind) => touch(kind, true)),
      dependencies: [packageChange({ installScripts: true, bump: "major", concerns: ["another registry"] })],
      checks: (["syntax", "types", "style", "security", "complexity", "imports"] as const).map((name) => check(name)),
    });
    expect(factors.every(({ weight, because }) => weight >= 0 && because !== "")).toBe(true);
    expect(scoreFactors(factors)).toBeGreaterThan(99);
    expect(scoreFactors(factors)).toBeLessThanOrEqual(100);
    expect(riskOf(factors)).toBe("critical");
  });

  it("never gets safer by one more thing that the change does", () =>
    fc.assert(
      fc.property(
        fc.subarray(TOUCH_KINDS.flatMap((kind) => [touch(kind), touch(kind, true)])),
        fc.constantFrom(...TOUCH_KINDS),
        fc.boolean(),
        (touches, kind, weakens) => {
          const before = weigh({ ...code("a.js"), touches });
          const after = weigh({ ...code("a.js"), touches: [...touches, touch(kind, weakens)] });
          expect(RISKS.indexOf(riskOf(after))).toBeGreaterThanOrEqual(RISKS.indexOf(riskOf(before)));
          expect(scoreFactors(after)).toBeGreaterThanOrEqual(scoreFactors(before));
        },
      ),
    ));
});
