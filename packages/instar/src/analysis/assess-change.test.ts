import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { impactReport } from "@instar/protocol";
import { describe, expect, it } from "vitest";
import type { AssessRequest } from "./analysis-request.ts";
import { assessChange } from "./assess-change.ts";
import { type Planted, plantTree } from "./graph/plant-tree.testing.ts";
import type { FileDifference } from "./read-edits.ts";

const AGENT: Planted = {
  "package.json": '{ "name": "agent", "version": "1.0.0", "scripts": { "start": "node server.js" } }',
  "server.js": 'import { answer } from "./answer.js"; import { readFileSync } from "node:fs"; readFileSync("prompts/soul.md"); answer();',
  "answer.js": "export const answer = () => 1;",
  "prompts/soul.md": "Be kind.",
  "test/answer.test.js":
    'import assert from "node:assert"; import { test } from "node:test"; import { answer } from "../answer.js"; test("answers", () => assert.equal(answer(), 1));',
};

/** The step from one tree to the other; what is listed in both with other content is modified. */
async function assess(before: Planted | null, after: Planted, parts: Partial<AssessRequest> = {}) {
  const trees = { before: before === null ? null : plantTree(before), after: plantTree(after) };
  const old = new Map((trees.before?.files ?? []).map((file) => [file.path, file]));
  const fresh = new Map(trees.after.files.map((file) => [file.path, file]));
  const differ = [...new Set([...old.keys(), ...fresh.keys()])].filter((path) => old.get(path)?.content !== fresh.get(path)?.content);
  const modeOf = (kind: string | undefined) => (kind === undefined ? 0 : kind === "link" ? 0o120000 : kind === "submodule" ? 0o160000 : 0o100644);
  const differences = differ.map((path): FileDifference => {
    const [was, is] = [old.get(path), fresh.get(path)];
    return {
      path,
      status: was === undefined ? "added" : is === undefined ? "deleted" : "modified",
      addedLines: 1,
      deletedLines: 1,
      modeBefore: modeOf(was?.kind),
      modeAfter: modeOf(is?.kind),
      isBinary: false,
    };
  });
  const report = await assessChange({
    ask: "assess",
    ...trees,
    differences,
    bump: "patch",
    subjects: ["a change"],
    agent: {
      start: ["node", "server.js"],
      directory: ".",
      tests: "npm test",
      install: null,
      runtime: { node: "24.16.0", python: null, platform: "linux", arch: "x64" },
    },
    watchMs: 3_600_000,
    cachePath: null,
    conflicts: { strategy: "manual", local: { changed: [], missing: [], added: [] }, touched: differences, underWay: null, locks: [] },
    ...parts,
  });
  // It goes to another process as JSON, and is parsed there.
  expect(impactReport.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
  return report;
}
const change = (files: Planted, parts: Partial<AssessRequest> = {}) => assess(AGENT, { ...AGENT, ...files }, parts);
const names = ({ factors }: { factors: readonly { name: string }[] }) => factors.map(({ name }) => name);

describe("what a change of an agent touches", () => {
  it("an edit reaches who imports it, the entry point and its test", async () => {
    const report = await change({ "answer.js": "export const answer = () => 2;" });
    expect(report.modules.directly.first).toEqual(["answer.js", "server.js", "test/answer.test.js"]);
    expect(report.entryPoints.first).toContain("server.js");
    expect(report.requiredTests.first).toEqual(["test/answer.test.js"]);
    expect(report).toMatchObject({ risk: "low", impactLevel: "medium", conflicts: [] });
  });
  it("a prompt that code reads is explained by who reads it", async () => {
    const report = await change({ "prompts/soul.md": "Be cruel." });
    expect(report.modules).toMatchObject({ isEverything: false, directly: { first: ["server.js"] } });
  });
  it("a prompt that no code names affects everything", async () => {
    const report = await change({ "AGENTS.md": "Do as you like." });
    expect(report.modules).toMatchObject({ isEverything: true, unexplained: { first: ["AGENTS.md"] } });
    expect(report).toMatchObject({ impactLevel: "high" });
  });
  it("a deleted module still reaches who needed it, and its loss is an import that leads nowhere", async () => {
    const { "answer.js": _, ...rest } = AGENT;
    const report = await assess(AGENT, rest);
    expect(report.checks.find(({ check }) => check === "imports")?.verdict).toBe("fail");
    expect(report.modules).toMatchObject({ isEverything: false, unexplained: { total: 0 } });
    expect(report.entryPoints.first).toContain("server.js");
    expect(report.risk).toBe("high");
  });
  it("a file changed by hand that the update touches too stops it", async () => {
    const report = await change(
      { "answer.js": "export const answer = () => 2;" },
      {
        conflicts: {
          strategy: "manual",
          local: { changed: ["answer.js"], missing: [], added: [] },
          touched: [{ path: "answer.js" }],
          underWay: null,
          locks: [],
        },
      },
    );
    expect(report.conflicts).toMatchObject([{ kind: "file_modified", what: "answer.js", blocks: true }]);
  });
  it("a cache that cannot be kept costs nothing but time", async () => {
    const { root } = plantTree({ file: "no folder" });
    const report = await change({ "answer.js": "export const answer = () => 2;" }, { cachePath: join(root, "file/cache") });
    expect(report.modules.directly.total).toBe(3);
  });
  it("another update under way and a held lock stop it", async () => {
    const conflicts = {
      strategy: "manual",
      local: { changed: [], missing: [], added: [] },
      touched: [],
      underWay: { update: "abc", version: "2" },
      locks: [{ resource: "x.lock", because: "held" }],
    } as const;
    expect((await change({}, { conflicts })).conflicts.map(({ kind, blocks }) => `${kind} ${blocks}`)).toEqual([
      "concurrent_update true",
      "resource_lock true",
    ]);
  });
});

describe("bad input", () => {
  it("an empty diff", async () =>
    expect(await change({})).toMatchObject({ risk: "minimal", impactLevel: "low", files: { changed: 0 }, modules: { directly: { total: 0 } } }));

  it("a diff of everything", async () => {
    const everything = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`src/${index}.js`, `import "./${(index + 1) % 300}.js";`]));
    const report = await assess(everything, Object.fromEntries(Object.entries(everything).map(([path, text]) => [path, `${text} // other\nlet a;`])));
    expect(report.files.changed).toBe(300);
    expect(report.modules.directly).toMatchObject({ total: 300 });
    expect(report.modules.directly.first.length).toBeLessThanOrEqual(50);
  });

  it("cyclic imports", async () => {
    const report = await assess({ "a.js": 'import "./b.js"', "b.js": 'import "./a.js"' }, { "a.js": 'import "./b.js"; let x', "b.js": 'import "./a.js"' });
    expect(report.modules.directly.total + report.modules.indirectly.total).toBe(2);
  });

  it("broken imports that were broken before count against nobody", async () => {
    const broken = { ...AGENT, "old.js": 'import "./gone.js";' };
    const report = await assess(broken, { ...broken, "answer.js": "export const answer = () => 2;" });
    expect(report.checks.find(({ check }) => check === "imports")?.verdict).toBe("pass");
  });

  it("files that do not parse", async () => {
    const report = await change({ "answer.js": "export const answer = (" });
    expect(report).toMatchObject({ risk: "critical" });
    expect(names(report)).toEqual(expect.arrayContaining(["syntax check", "unreadable"]));
  });

  it("a ten-megabyte one-line file", async () => {
    const report = await change({ "big.js": `x = "${"a".repeat(10 * 1_048_576)}";` });
    expect(names(report)).toContain("unreadable");
  });

  it("names with line feeds, and names that objects have of themselves", async () => {
    const report = await change({ "a\nb.js": "let a;", __proto__: "x", "constructor.js": "let b;" });
    expect(report.files.sample).toContain("a\nb.js");
  });

  it("texts that are not UTF-8", async () => {
    const report = await change({ "answer.js": Buffer.from([0x65, 0xff, 0xfe, 0x00, 0x80]) });
    expect(names(report)).toContain("unreadable");
    expect(report.risk).not.toBe("minimal");
  });

  it("submodules", async () => expect((await change({ vendor: { submodule: "c".repeat(40) } })).modules.unexplained.first).toEqual(["vendor"]));

  it("links out of the tree are not followed", async () => {
    const report = await change({ "secret.js": { link: "../outside.js" }, deep: { link: ".." } });
    expect(report.modules.unexplained.first).toEqual(expect.arrayContaining(["deep"]));
    expect(report.modules.directly.first).not.toContain("outside.js");
  });

  it("a folder that is a link out of the tree is not read through", async () => {
    const trees = { before: plantTree(AGENT), after: plantTree(AGENT) };
    const away = plantTree({ "x.js": "process.exit()" });
    mkdirSync(dirname(join(trees.after.root, "sub")), { recursive: true });
    symlinkSync(away.root, join(trees.after.root, "sub"));
    writeFileSync(join(away.root, "package.json"), '{ "dependencies": { "evil": "1" } }');
    const difference = { path: "sub/x.js", status: "added", addedLines: 1, deletedLines: 0, modeBefore: 0, modeAfter: 0o100644, isBinary: false } as const;
    const report = await change(
      {},
      {
        differences: [difference],
        after: { root: trees.after.root, files: [...trees.after.files, { path: "sub/x.js", kind: "file", sizeBytes: 1, content: "x" }] },
      },
    );
    expect(JSON.stringify(report)).not.toContain("process.exit");
    expect(names(report)).toContain("unreadable");
  });

  for (const [name, files] of [
    ["a hostile tsconfig", { "tsconfig.json": '{ "extends": "../../../../etc/passwd", "compilerOptions": { "paths": { "*": ["../../*", "/etc/*"] } } }' }],
    ["a tsconfig that extends itself", { "tsconfig.json": '{ "extends": "./tsconfig.json" }' }],
    ["a tsconfig that is no JSON", { "tsconfig.json": "}{" }],
    ["a package.json that is no JSON", { "package.json": "[" }],
    [
      "a package.json of another shape",
      { "package.json": '{ "__proto__": { "x": 1 }, "workspaces": ["../../**", 7], "exports": { ".": { "a": [[[]]] } }, "bin": 3, "dependencies": [] }' },
    ],
    ["a package.json nested a hundred thousand deep", { "package.json": `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}` }],
    ["a program nested a hundred thousand deep", { "deep.js": `${"[".repeat(100_000)}${"]".repeat(100_000)}` }],
    ["a lockfile that is none", { "package-lock.json": "yes", "pnpm-lock.yaml": "a: &a [*a]", "yarn.lock": "<<<<<<< HEAD" }],
  ] as const)
    it(name, async () => {
      const report = await change(files);
      expect(report.risk).not.toBe("minimal");
      expect(report.files.changed).toBe(Object.keys(files).length);
    });
});
