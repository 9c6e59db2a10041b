import { existsSync, lstatSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { isBlocking } from "../decide-validation.ts";
import { withStageRoom } from "../stage-room.testing.ts";
import type { PlannedStage } from "../stages/planned-stage.ts";
import { findChangedTest } from "./find-changed-test.ts";
import { layOldTests } from "./lay-old-tests.ts";
import { type OldTestsPlan, type OldTestsQuestion, planOldTests } from "./plan-old-tests.ts";
import { planOldTestsStage } from "./plan-old-tests-stage.ts";

const isTestPath = (path: string) => /(^|\/)tests?\/|\.test\.|vitest\.config/.test(path);
const tree = (files: Readonly<Record<string, string>>) => new Map(Object.entries(files));
const plan = (running: Readonly<Record<string, string>>, candidate: Readonly<Record<string, string>>, more: Partial<OldTestsQuestion> = {}) =>
  planOldTests({ running: tree(running), candidate: tree(candidate), isTestPath, produces: [], manifests: { candidate: null, running: null }, ...more });

describe("which tests of the running version are laid over the candidate", () => {
  it("is those that the candidate changed or lost, without what it added", () =>
    expect(
      plan(
        { "lib.js": "1", "test/same.js": "1", "test/changed.js": "1", "test/gone.js": "1", "vitest.config.ts": "1" },
        { "lib.js": "2", "test/same.js": "1", "test/changed.js": "2", "test/new.js": "1", "vitest.config.ts": "2" },
      ),
    ).toEqual({
      kind: "lay",
      copied: ["test/changed.js", "test/gone.js", "vitest.config.ts"],
      removed: ["test/new.js"],
      programs: ["test/changed.js", "test/gone.js", "test/same.js", "vitest.config.ts"],
      manifest: null,
    }));

  it("is none where they are the same", () =>
    expect(plan({ "lib.js": "1", "test/a.js": "1" }, { "lib.js": "2", "test/a.js": "1" })).toEqual({
      kind: "same",
      because: "its tests and what they run by are the running version's",
    }));

  it("is none where the running version has none", () =>
    expect(plan({ "lib.js": "1" }, { "lib.js": "1", "test/a.js": "1" })).toEqual({
      kind: "same",
      because: "the running version has no tests that are known by their names",
    }));

  it("leaves out what is installed", () =>
    expect(plan({ "test/a.js": "1", "node_modules/x/test/a.js": "1", "deps/y/test/a.js": "1" }, { "test/a.js": "2" }, { produces: ["deps/"] })).toMatchObject({
      copied: ["test/a.js"],
    }));

  it("takes scripts and test settings of package.json from the running version, and nothing else", () => {
    const found = plan(
      { "test/a.js": "1", "package.json": "1" },
      { "test/a.js": "1", "package.json": "2" },
      {
        manifests: {
          running: JSON.stringify({ version: "1.0.0", scripts: { test: "jest", old: "x" }, jest: { bail: false }, dependencies: { a: "1" } }),
          candidate: JSON.stringify({ version: "1.0.1", scripts: { test: "true", fresh: "y" }, mocha: {}, dependencies: { a: "2" } }),
        },
      },
    );
    expect(found).toMatchObject({ kind: "lay", copied: [], removed: [] });
    expect(JSON.parse((found.kind === "lay" && found.manifest) || "")).toEqual({
      version: "1.0.1",
      scripts: { test: "jest", fresh: "y", old: "x" },
      jest: { bail: false },
      dependencies: { a: "2" },
    });
  });
});

describe("laying old tests", () => {
  const put = async (root: string, files: Readonly<Record<string, string>>) => {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    }
  };
  const within = async (act: (folders: { folder: string; tree: string; running: string }) => Promise<void>) => {
    const folder = await mkdtemp(join(tmpdir(), "instar-old-tests-"));
    try {
      await act({ folder, tree: join(folder, "tree"), running: join(folder, "running") });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
  const lay = (copied: readonly string[], removed: readonly string[] = [], manifest: string | null = null): Extract<OldTestsPlan, { kind: "lay" }> => ({
    kind: "lay",
    copied,
    removed,
    programs: copied,
    manifest,
  });

  it("puts them there, takes new ones away, and can be done twice", () =>
    within(async ({ tree, running }) => {
      await put(running, { "test/a.js": "old", "test/deep/b.js": "old" });
      await put(tree, { "test/a.js": "new", "test/new.js": "new", "package.json": "{}" });
      for (let times = 0; times < 2; times += 1) {
        await layOldTests(lay(["test/a.js", "test/deep/b.js"], ["test/new.js"], '{"scripts":{}}'), { tree, running });
        expect(readFileSync(join(tree, "test/a.js"), "utf8")).toBe("old");
        expect(readFileSync(join(tree, "test/deep/b.js"), "utf8")).toBe("old");
        expect(existsSync(join(tree, "test/new.js"))).toBe(false);
        expect(readFileSync(join(tree, "package.json"), "utf8")).toBe('{"scripts":{}}');
      }
    }));

  it("writes and removes nothing behind a link of the candidate's", () =>
    within(async ({ folder, tree, running }) => {
      await put(running, { "test/a.js": "old" });
      await put(join(folder, "outside"), { "a.js": "mine", "new.js": "mine", "package.json": "mine" });
      await mkdir(tree);
      await symlink("../outside", join(tree, "test"));
      await symlink("../outside/package.json", join(tree, "package.json"));
      await layOldTests(lay(["test/a.js"], ["test/new.js"], "{}"), { tree, running });
      for (const name of ["a.js", "new.js", "package.json"]) expect(readFileSync(join(folder, "outside", name), "utf8")).toBe("mine");
      expect(readFileSync(join(tree, "test/a.js"), "utf8")).toBe("old");
      expect(lstatSync(join(tree, "package.json")).isFile()).toBe(true);
    }));
});

describe("old tests that ran", () => {
  const wrongly = `import test from "node:test"; import assert from "node:assert"; import { add } from "./lib.mjs"; test("adds", () => assert.equal(add(1, 1), 2));\n`;
  /** Wrong, and where a test asks, it makes the test a kinder one of the same length. */
  const lib = `import fs from "node:fs"; fs.writeFileSync("a.test.mjs", 'import test from "node:test"; test("adds", () => {});'.padEnd(fs.statSync("a.test.mjs").size)); export const add = () => 3;\n`;

  it("T35: and were rewritten by the candidate while they ran do not pass", () =>
    withStageRoom({ "a.test.mjs": wrongly, "lib.mjs": lib, "old/a.test.mjs": wrongly }, async ({ tree, test }) => {
      const plan: OldTestsPlan = { kind: "lay", copied: [], removed: [], programs: ["a.test.mjs"], manifest: null };
      const folders = { tree, running: join(tree, "old") };
      expect(await findChangedTest(plan, folders)).toBeUndefined();
      expect(await test({ command: "node --test a.test.mjs" })).toMatchObject({ verdict: "pass", flaky: ["adds"] });
      expect(await findChangedTest(plan, folders)).toBe("a.test.mjs");
    }));

  it("by other scripts than they were given are not the same", () =>
    withStageRoom({ "package.json": "{}" }, async ({ tree }) => {
      const plan: OldTestsPlan = { kind: "lay", copied: [], removed: [], programs: [], manifest: "{}" };
      expect(await findChangedTest(plan, { tree, running: tree })).toBeUndefined();
      expect(await findChangedTest({ ...plan, manifest: '{"scripts":{}}' }, { tree, running: tree })).toBe("package.json");
    }));

  it("and are gone, or are links to what they were, are not the same", () =>
    withStageRoom({ "old/test/a.js": "1", "test/a.js": "1" }, async ({ tree }) => {
      const plan: OldTestsPlan = { kind: "lay", copied: [], removed: [], programs: ["test/a.js"], manifest: null };
      const folders = { tree, running: join(tree, "old") };
      await rm(join(tree, "test"), { recursive: true });
      expect(await findChangedTest(plan, folders)).toBe("test/a.js");
      await symlink("old/test", join(tree, "test"));
      expect(await findChangedTest(plan, folders)).toBe("test/a.js");
    }));
});

describe("the stage of the old tests", () => {
  const unitTests: PlannedStage = {
    stage: "unit_tests",
    gate: "required",
    isWritten: true,
    withinMs: 60_000,
    hasBuiltIn: true,
    tests: { command: "npm test", runner: "auto", report: undefined, coverage: 80, retries: 1, flaky: "reported", leftBehind: "refused" },
  };
  const differs: OldTestsPlan = { kind: "lay", copied: ["test/a.js"], removed: [], programs: [], manifest: null };

  for (const [wish, weakensTests, gate] of [
    ["auto", true, "required"],
    ["auto", false, "advisory"],
    ["required", false, "required"],
    ["reported", true, "advisory"],
  ] as const)
    it(`is ${gate} where ${wish} is asked for and tests are ${weakensTests ? "" : "not "}weakened`, () =>
      expect(planOldTestsStage({ wish, weakensTests, unitTests, plan: differs })).toMatchObject({
        kind: "run",
        stage: { stage: "old_tests", gate, tests: { coverage: undefined } },
      }));

  it("says that it can say nothing where tests were weakened that are not known as tests", () => {
    const planned = planOldTestsStage({
      wish: "auto",
      weakensTests: true,
      unitTests,
      plan: { kind: "same", because: "the running version has no tests that are known by their names" },
    });
    expect(planned).toMatchObject({ kind: "run", stage: { gate: "required", tests: null, idle: expect.stringContaining("tests were weakened, and yet") } });
    expect(planned.kind === "run" && isBlocking(planned.stage, { verdict: "nodata" })).toBe(true);
  });

  it("is left out, and says why", () => {
    const skip = (question: Partial<Parameters<typeof planOldTestsStage>[0]>) =>
      planOldTestsStage({ wish: "auto", weakensTests: false, unitTests, plan: differs, ...question });
    expect(skip({ wish: "off" })).toEqual({ kind: "skip", because: "it is off (validation.oldTests)" });
    expect(skip({ unitTests: undefined })).toEqual({ kind: "skip", because: "instar.yaml names no tests" });
    expect(skip({ plan: { kind: "same", because: "they are the same" } })).toEqual({ kind: "skip", because: "they are the same" });
  });
});
