import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../platform/clock.ts";
import { createJobRunner, type JobResult, type RunJob } from "../../platform/run-job.ts";
import { findOwnOxlint } from "./find-own-oxlint.ts";
import { type PlannedStyle, planStyleCheck, type StyleQuestion } from "./plan-style-check.ts";
import { planTypesCheck } from "./plan-types-check.ts";
import { type CheckedTree, runCheckJob } from "./run-check-job.ts";

let home: string;
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), "instar-checks-")));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const runJob = createJobRunner({ clock: systemClock, instanceId: "checks-test", mode: "group" });
const jobs = (run: RunJob = runJob) => ({ runJob: run, environment: { PATH: dirname(process.execPath) }, timeoutMs: 60_000 });
const tscPath = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin", "tsc");

function tree(name: string, files: Record<string, string>): string {
  const root = join(home, name);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}
const typed = (name: string, files: Record<string, string>): CheckedTree => {
  const root = tree(name, { "tsconfig.json": `{"compilerOptions":{"strict":true,"types":[]},"include":["**/*.ts"]}`, ...files });
  mkdirSync(join(root, "node_modules"), { recursive: true });
  symlinkSync(dirname(dirname(tscPath)), join(root, "node_modules", "typescript"));
  const planned = planTypesCheck({
    tree: root,
    hasTsconfig: true,
    tscPath: join(root, "node_modules/typescript/bin/tsc"),
    tscVersion: "7.0.2",
    node: process.execPath,
  });
  return { tree: root, planned, scratch: join(home, `${name}-scratch`) };
};
const askTypes = (before: CheckedTree | null, after: CheckedTree) => runCheckJob(jobs(), { check: "types", before, after, renames: new Map() });

describe("types, asked of a real compiler", () => {
  it("pass where nothing is wrong", async () =>
    expect(await askTypes(null, typed("after", { "a.ts": "export const a: number = 1" }))).toMatchObject({ verdict: "pass", after: 0 }));
  it("fail for what is new, and tell what was there as that", async () => {
    const before = typed("before", { "a (b)/x.ts": `export const a: number = "x";` });
    const after = typed("after", { "a (b)/x.ts": `\n\nexport const a: number = "x";`, "b.ts": "export const b: string = 1;" });
    expect(await askTypes(before, after)).toMatchObject({
      verdict: "fail",
      before: 1,
      after: 2,
      findings: {
        first: [
          { path: "b.ts", isNew: true, rule: "TS2322" },
          { path: "a (b)/x.ts", line: 3, isNew: false },
        ],
      },
    });
  });
  it("are not passed by settings that are no settings", async () =>
    expect(await askTypes(typed("before", { "tsconfig.json": `{"nonsense` }), typed("after", { "tsconfig.json": `{"nonsense` }))).toMatchObject({
      verdict: expect.not.stringMatching("pass") as string,
    }));
  it("are checked though the settings say not to, and the settings write nothing anywhere", async () => {
    const out = (name: string) => join(home, "stolen", name);
    const hostile = {
      ...{
        strict: true,
        types: [],
        noCheck: true,
        composite: true,
        incremental: true,
        declaration: true,
        declarationMap: true,
        noEmit: false,
        emitDeclarationOnly: true,
      },
      ...{ outDir: out("out"), declarationDir: out("types"), tsBuildInfoFile: out("info"), generateTrace: out("trace"), generateCpuProfile: out("profile") },
      ...{ listFiles: true, explainFiles: true, extendedDiagnostics: true, plugins: [{ name: "evil" }] },
    };
    const after = typed("after", {
      "tsconfig.json": JSON.stringify({ compilerOptions: hostile, include: ["*.ts"] }),
      "a.ts": "export const a: string = 1;",
    });
    const filesBefore = readdirSync(after.tree);
    const result = await askTypes(null, after);
    expect(readdirSync(home)).not.toContain("stolen");
    expect(readdirSync(after.tree)).toEqual(filesBefore);
    expect(result.findings.first.map(({ rule }) => rule)).toContain("TS2322");
  });
});

describe("types are not asked", () => {
  const plan = (parts: object) =>
    planTypesCheck({ tree: "/tree", hasTsconfig: true, tscPath: "/tree/node_modules/typescript/bin/tsc", tscVersion: "5.9.3", node: "/node", ...parts });
  for (const [name, parts] of [
    ["without a tsconfig.json", { hasTsconfig: false }],
    ["without a compiler", { tscPath: null }],
    ["of a compiler outside of the tree", { tscPath: "/tree/../usr/tsc" }],
    ["of a compiler of which nothing is known", { tscVersion: null }],
    ["of one that cannot be kept from writing", { tscVersion: "4.1.6" }],
  ] as const)
    it(name, () => expect(plan(parts).kind).toBe("nodata"));
  it("with options that an older compiler does not know", () => {
    const argv = (tscVersion: string) => JSON.stringify(plan({ tscVersion }));
    expect(argv("5.4.2")).not.toContain("noCheck");
    expect(argv("5.9.3")).toContain("noCheck");
  });
});

const style = (name: string, files: Record<string, string>): CheckedTree => {
  const root = tree(name, files);
  const scratch = join(home, `${name}-scratch`);
  const own = { node: process.execPath, oxlint: findOwnOxlint(), version: "1.89.0" };
  const [planned = { kind: "nodata" as const, tool: "none", because: "nothing changed" }] = planStyleCheck({
    tree: root,
    files: Object.keys(files),
    rootFiles: new Map(),
    programs: new Map(),
    own,
    scratch,
  });
  return { tree: root, planned, scratch };
};

describe("style, asked of our own linter", () => {
  it("tells what is new, whatever the tree's settings want hidden", async () => {
    const before = style("before", { "a b/x.js": "debugger;\n" });
    const hidden = {
      ".oxlintrc.json": `{"rules":{"no-debugger":"off"},"ignorePatterns":["**"]}`,
      "a b/.oxlintrc.json": `{"rules":{"no-dupe-keys":"off"}}`,
      ".gitignore": "*",
      ".eslintignore": "*",
    };
    const after = style("after", { ...hidden, "a b/x.js": "\n\ndebugger;\n", "-y.js": "export const y = { a: 1, a: 2 };\n", "line\nfeed.js": "debugger;\n" });
    const result = await runCheckJob(jobs(), { check: "style", before, after, renames: new Map() });
    expect(result).toMatchObject({ verdict: "fail", before: 1, after: 3, tool: "oxlint 1.89.0" });
    expect(
      result.findings.first
        .filter(({ isNew }) => isNew)
        .map(({ path, rule }) => [path, rule])
        .sort(),
    ).toEqual([
      ["-y.js", "eslint(no-dupe-keys)"],
      ["line\nfeed.js", "eslint(no-debugger)"],
    ]);
  });
  it("passes clean files", async () =>
    expect(
      await runCheckJob(jobs(), { check: "style", before: null, after: style("after", { "x.ts": "export const x = 1;\n" }), renames: new Map() }),
    ).toMatchObject({ verdict: "pass" }));
});

describe("a linter is chosen", () => {
  const question = (parts: Partial<StyleQuestion>): StyleQuestion => ({
    tree: "/tree",
    files: ["a.ts"],
    rootFiles: new Map(),
    programs: new Map(["eslint", "biome", "oxlint", "ruff", "flake8"].map((name) => [name, `/tree/bin/${name}`])),
    own: { node: "/node", oxlint: "/own/oxlint", version: "1.89.0" },
    scratch: "/scratch",
    ...parts,
  });
  const tools = (parts: Partial<StyleQuestion>) => planStyleCheck(question(parts)).map(({ kind, tool }) => (kind === "run" ? tool : kind));
  const has = (...names: string[]) => new Map(names.map((name) => [name, null]));
  for (const [name, parts, expected] of [
    ["eslint with flat settings", { rootFiles: has("eslint.config.mjs") }, ["eslint"]],
    ["eslint with older settings", { rootFiles: has(".eslintrc.cjs") }, ["eslint"]],
    ["eslint with settings in package.json", { rootFiles: new Map([["package.json", `{"eslintConfig": {}}`]]) }, ["eslint"]],
    ["biome", { rootFiles: has("biome.jsonc") }, ["biome"]],
    ["oxlint of its own", { rootFiles: has(".oxlintrc.json") }, ["oxlint"]],
    ["ours where its own is not installed", { rootFiles: has("biome.json"), programs: new Map() }, ["oxlint 1.89.0"]],
    ["ours where it has none", {}, ["oxlint 1.89.0"]],
    ["ruff", { files: ["a.py"], rootFiles: new Map([["pyproject.toml", "[tool.ruff]\nline-length = 100\n"]]) }, ["ruff"]],
    ["flake8", { files: ["a.py"], rootFiles: new Map([["setup.cfg", "[metadata]\n[flake8]\n"]]) }, ["flake8"]],
    ["none for Python that has none", { files: ["a.py"] }, ["nodata"]],
    ["one for each language", { files: ["a.py", "a.ts"], rootFiles: has("ruff.toml", "biome.json") }, ["biome", "ruff"]],
    ["none for files that no linter reads", { files: ["a.md"] }, []],
  ] as [string, Partial<StyleQuestion>, string[]][])
    it(name, () => expect(tools(parts)).toEqual(expected));

  it("and asked about no more files than a command line takes", () => {
    const [plan] = planStyleCheck(question({ files: Array.from({ length: 5_000 }, (_, at) => `${"x".repeat(60)}${at}.ts`) }));
    expect(plan?.kind === "run" && plan.leftOut > 0 && plan.argv.join("\0").length < 100_000).toBe(true);
  });
});

describe("a tool that gives no answer", () => {
  const ended = (end: object): JobResult => ({ kind: "exited", status: 0, tail: "", leftBehind: 0, durationMs: 1, ...end }) as JobResult;
  const plan = (report: string | null): PlannedStyle => ({ kind: "run", tool: "eslint", format: "eslint", argv: ["/x"], report, settings: null, leftOut: 0 });
  const given = (text: string | null, end: object, root = "after"): [CheckedTree, RunJob] => {
    const scratch = join(home, root);
    const run: RunJob = async () => {
      if (text !== null) writeFileSync(join(scratch, "report"), text);
      return ended(end);
    };
    return [{ tree: "/tree", planned: plan(join(scratch, "report")), scratch }, run];
  };
  const finding = JSON.stringify([{ filePath: "/tree/a.js", messages: [{ ruleId: "no-var", severity: 2, message: "x", line: 1 }] }]);
  for (const [name, text, end, verdict] of [
    ["is an error where it does not end", null, { kind: "timed-out", afterMs: 60_000 }, "error"],
    ["is an error where something ends it", null, { kind: "signalled", signal: "SIGKILL" }, "error"],
    ["is no data where it is not there", null, { kind: "not-started", because: "there is no program /x" }, "nodata"],
    ["is an error where it crashes", "[]", { status: 2 }, "error"],
    ["is an error where it fails and names nothing", "[]", { status: 1 }, "error"],
    ["is an error where it leaves no report", null, {}, "error"],
    ["is an error where its report is none", "Oops", { status: 1 }, "error"],
    ["is an error where its report is too large", " ".repeat(17 * 1_048_576), {}, "error"],
    ["is none where it names something", finding, { status: 1 }, "fail"],
    ["is none where it finds nothing", "[]", {}, "pass"],
  ] as const)
    it(name, async () => {
      const [after, run] = given(text, end);
      expect((await runCheckJob(jobs(run), { check: "style", before: null, after, renames: new Map() })).verdict).toBe(verdict);
    });

  it("about the version before leaves open whose a finding is", async () => {
    const [after] = given(null, {});
    const [before] = given(null, {}, "before");
    const run: RunJob = async ({ logPath }) => {
      if (!logPath.includes("after")) return ended({ status: 3 });
      writeFileSync(join(home, "after", "report"), finding);
      return ended({ status: 1 });
    };
    expect((await runCheckJob(jobs(run), { check: "style", before, after, renames: new Map() })).verdict).toBe("inconclusive");
  });
  it("cannot lead us to a file elsewhere", async () => {
    const [after] = given(null, {});
    writeFileSync(join(home, "elsewhere"), "[]");
    const run: RunJob = async () => {
      symlinkSync(join(home, "elsewhere"), join(home, "after", "report"));
      return ended({});
    };
    expect((await runCheckJob(jobs(run), { check: "style", before: null, after, renames: new Map() })).verdict).toBe("error");
  });
});
