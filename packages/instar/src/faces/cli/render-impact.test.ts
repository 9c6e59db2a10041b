import type { ImpactReport, ImpactView } from "@instar/protocol";
import { describe, expect, it } from "vitest";
import { renderImpact } from "./render-impact.ts";

const some = <Item>(...first: Item[]) => ({ total: first.length, first });
const factor = (name: string, weight: number, because: string, atLeast: ImpactReport["risk"] | null = null) => ({
  name,
  weight,
  atLeast,
  because,
  paths: some<string>(),
});
const report: ImpactReport = {
  updateType: "patch",
  bump: "patch",
  impactLevel: "high",
  impactBecause: "a test that judges it is weakened: test/a.test.js",
  requiresReview: true,
  risk: "high",
  score: 48.2,
  factors: [factor("size", 3, "1 file that can change behaviour", "low"), factor("tests weakened", 40, "test/a.test.js:3: an assertion is gone", "high")],
  files: { changed: 6, added: 1, deleted: 0, addedLines: 12, deletedLines: 3, sample: ["a.js", "b.js", "c.js", "d.js", "e.js", "f.js"] },
  modules: { total: 40, directly: some("a.js", "b.js"), indirectly: some("server.js"), unexplained: some<string>(), isEverything: false },
  components: { directly: some("src/a"), indirectly: some("server.js") },
  entryPoints: some("server.js"),
  requiredTests: some("test/a.test.js"),
  estimatedTestMs: 4_200,
  touches: some<ImpactReport["touches"]["first"][number]>(),
  dependencies: some<ImpactReport["dependencies"]["first"][number]>({
    name: "left-pad",
    manager: "npm",
    lockfile: "package-lock.json",
    kind: "changed",
    from: ["1.0.0"],
    to: ["2.0.0"],
    bump: "major",
    direct: true,
    installScripts: true,
    engines: null,
    concerns: [],
  }),
  checks: [{ check: "types", tool: "tsc", verdict: "nodata", because: "no tsconfig.json", before: null, after: 0, findings: some<never>() }],
  conflicts: [{ kind: "file_modified", what: "a.js", because: "it was changed by hand", resolution: "manual", blocks: true, advice: "choose" }],
  rollback: { complexity: "moderate", because: "several files, and no state", estimatedMs: 412 },
  recommendations: ["A person should look at it."],
};
const view = (parts: Partial<ImpactReport> = {}): ImpactView => ({
  update: null,
  from: { version: "1.0.0", commit: "a".repeat(40) },
  to: { version: "1.0.1", commit: "b".repeat(40) },
  tookMs: 1,
  report: { ...report, ...parts },
});

describe("an impact report on a terminal", () => {
  it("takes half a page", () =>
    expect(renderImpact(view())).toBe(`1.0.0 (aaaaaaaaaa) → 1.0.1 (bbbbbbbbbb)
  risk       high (48.2 of 100); impact high: a test that judges it is weakened: test/a.test.js
  kind       patch; a person should look at it first
  files      6 changed (1 new, 0 gone), +12 −3 lines: a.js, b.js, c.js, d.js and 2 more
  reaches    3 of 40 modules (2 directly) in 2 components: src/a, server.js
  enters by  server.js
  tests      1 first: test/a.test.js; all took 4.2 s before
  packages   1 changed: left-pad 1.0.0 → 2.0.0 (major, install script)
  way back   moderate: several files, and no state; took 0.4 s before
  why
      +40  tests weakened: test/a.test.js:3: an assertion is gone [at least high]
       +3  size: 1 file that can change behaviour
  nodata     types: no tsconfig.json
  conflict   file_modified: a.js: it was changed by hand → choose
  → A person should look at it.`));

  it("stays half a page for a change of everything", () => {
    const names = Array.from({ length: 50 }, (_, index) => `src/a-module-with-a-long-name-${index}.js`);
    const many = { total: 30_000, first: names };
    const text = renderImpact(
      view({
        modules: { total: 30_000, directly: many, indirectly: many, unexplained: many, isEverything: true },
        requiredTests: many,
        entryPoints: many,
        factors: Array.from({ length: 40 }, (_, index) => factor(`reason ${index}`, index, "because")),
      }),
    );
    expect(text.split("\n").length).toBeLessThan(32);
    expect(text).toContain("and 29996 more");
  });

  it("lets no name move a cursor, end a line or turn the writing round", () => {
    const text = renderImpact(view({ entryPoints: some("a\n  risk minimal", "b\u001b[2J", "c\u202egnp.exe", "d\r") }));
    expect(text).toContain("a\\u000a  risk minimal, b\\u001b[2J, c\\u202egnp.exe, d\\u000d");
    expect(text.split("\n")).toHaveLength(renderImpact(view()).split("\n").length);
  });

  it("says where nothing is reached and nothing is counted", () => {
    const text = renderImpact(
      view({ modules: { ...report.modules, directly: some<string>(), indirectly: some<string>() }, factors: [factor("size", 0, "no file changed")] }),
    );
    expect(text).toContain("none of 40 modules");
    expect(text).toContain("size: no file changed");
  });
});
