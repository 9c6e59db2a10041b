import { parseStyleOutput, type StyleFormat } from "../../../packages/instar/src/analysis/checks/parse-style-output.ts";
import { parseText } from "../../../packages/instar/src/analysis/checks/parse-text.ts";
import { parseTscOutput } from "../../../packages/instar/src/analysis/checks/parse-tsc-output.ts";
import { findRequiresPython, isNodeNamed, judgeNodeRange, judgePythonRange } from "../../../packages/instar/src/analysis/conflicts/judge-range.ts";
import { parseModule } from "../../../packages/instar/src/analysis/graph/parse-module.ts";
import { parsePackage, parsePnpmWorkspace, parseTsconfig } from "../../../packages/instar/src/analysis/graph/parse-settings-files.ts";
import { findPythonImports } from "../../../packages/instar/src/analysis/graph/python/find-python-imports.ts";
import { parsePythonModule } from "../../../packages/instar/src/analysis/graph/python/parse-python-module.ts";
import { findLockfileMismatches } from "../../../packages/instar/src/analysis/lockfiles/find-lockfile-mismatch.ts";
import { PNPM_5, PNPM_6, PNPM_9, YARN_1, YARN_BERRY } from "../../../packages/instar/src/analysis/lockfiles/lockfile-samples.testing.ts";
import { parseLockfile } from "../../../packages/instar/src/analysis/lockfiles/parse-lockfile.ts";
import { parseManifest } from "../../../packages/instar/src/analysis/lockfiles/parse-manifest.ts";
import { planDependencyChanges } from "../../../packages/instar/src/analysis/lockfiles/plan-dependency-changes.ts";
import { parsePython } from "../../../packages/instar/src/analysis/parse-python.ts";
import { readSettingsValues } from "../../../packages/instar/src/analysis/touches/read-settings-values.ts";
import { parseSource } from "../../../packages/instar/src/analysis/touches/source/parse-source.ts";
import { assertHolds, type FuzzTarget, seedOf, textOf } from "../fuzz-target.ts";

const MS = { version: "2.1.3", resolved: "https://registry.npmjs.org/ms/-/ms-2.1.3.tgz", integrity: "sha512-ms==", dev: true };
const PACKAGE_JSON = {
  name: "agent",
  version: "1.0.0",
  dependencies: { ms: "^2.1.0", "@a/b": "file:../b" },
  overrides: { "a>b": "1" },
  engines: { node: ">=20" },
  os: "linux",
  workspaces: ["packages/*"],
  exports: { ".": "./a.js" },
  packageManager: "pnpm@9.1.0",
};
const NPM_3 = {
  lockfileVersion: 3,
  packages: { "": PACKAGE_JSON, "node_modules/ms": MS, "node_modules/a/node_modules/ms": { ...MS, hasInstallScript: true } },
};
const NPM_1 = { lockfileVersion: 1, dependencies: { ms: MS, a: { version: "1.0.0", dependencies: { ms: { version: "npm:b@1.0.0" } } } } };
const PROGRAM =
  'import { a } from "./a.js";\nimport("./b.js");\ntest("it", () => { expect(a(`x`, /y/u)).toBe(2); });\nexport default class { #x = /[a-z]+/g; }\n';
const PYTHON = 'from .a import b\nimport os.path as p\n\ndef test_it():\n    assert b(f\'{1}\') == 2, """x"""\n';
const TSC = "src/a.ts(3,5): error TS2322: Type 'string' is not assignable.\n  It goes on.\nerror TS5083: Cannot read file 'tsconfig.json'.\n";
const STYLES: Readonly<Record<StyleFormat, Buffer>> = {
  eslint: seedOf([{ filePath: "/tree/a.js", messages: [{ ruleId: "no-undef", severity: 2, message: "x", line: 3 }] }]),
  biome: seedOf({
    summary: {},
    diagnostics: [{ severity: "error", category: "lint/a", description: "x", location: { path: { file: "a.js" }, start: { line: 3 } } }],
  }),
  oxlint: seedOf({ diagnostics: [{ message: "x", code: "a", severity: "error", filename: "a.js", labels: [{ span: { line: 3 } }] }], number_of_files: 1 }),
  ruff: seedOf([{ code: "E1", filename: "/tree/a.py", message: "x", location: { row: 3 } }]),
  flake8: seedOf("./a.py:3:1: E901 x\n/tree/b.py:4:2: F401 y\n"),
};

/** All of these are said to throw nothing, so that also a refusal is a find: they are asked for outside of any other catch. */
export const ANALYSIS_TARGETS: readonly FuzzTarget[] = [
  { name: "lockfile-npm", seeds: [seedOf(NPM_3), seedOf(NPM_1)], parse: (bytes) => readLockfile("package-lock.json", textOf(bytes), JSON.stringify(NPM_3)) },
  {
    name: "lockfile-pnpm",
    tasteInputs: 50,
    seeds: [PNPM_5, PNPM_6, PNPM_9].map(seedOf),
    parse: (bytes) => readLockfile("pnpm-lock.yaml", textOf(bytes), PNPM_9),
  },
  { name: "lockfile-yarn", tasteInputs: 50, seeds: [YARN_1, YARN_BERRY].map(seedOf), parse: (bytes) => readLockfile("yarn.lock", textOf(bytes), YARN_BERRY) },
  {
    name: "package-json",
    seeds: [seedOf(PACKAGE_JSON)],
    parse: (bytes) => {
      parseManifest(textOf(bytes));
      parsePackage(textOf(bytes));
    },
  },
  {
    name: "tsconfig",
    seeds: [
      seedOf(
        '{ // a comment\n "extends": ["./base.json"], "references": [{ "path": "../b" }], "compilerOptions": { "baseUrl": ".", "paths": { "@/*": ["src/*"], }, }, }',
      ),
    ],
    parse: (bytes) => parseTsconfig(textOf(bytes)),
  },
  {
    name: "pnpm-workspace",
    tasteInputs: 100,
    seeds: [seedOf("packages:\n  - 'packages/*'\n  - &a b\n  - *a\n  - &c [*c]\n")],
    parse: (bytes) => parsePnpmWorkspace(textOf(bytes)),
  },
  {
    name: "version-range",
    seeds: [">=3.11,<4", "^20 || >=22.1.0-rc.1", "~=3.1.*", "lts/iron", "[project]\nrequires-python = '>=3.11'\n"].map(seedOf),
    parse: (bytes) => {
      const text = textOf(bytes);
      findRequiresPython(text);
      isNodeNamed("24.16.0", text);
      for (const version of ["24.16.0", null]) {
        const answers = [judgeNodeRange(version, text), judgePythonRange(version, text)];
        assertHolds(text.length <= 256 || answers.every((answer) => answer === "not-understood"), "a range that is too long is not understood");
      }
    },
  },
  {
    name: "tsc-output",
    seeds: [seedOf(TSC)],
    parse: (bytes) => {
      for (const { path } of parseTscOutput(textOf(bytes), "/tree").found) if (path !== "") assertInsideTree(path);
    },
  },
  ...(Object.keys(STYLES) as StyleFormat[]).map(
    (format): FuzzTarget => ({
      name: `style-${format}`,
      tasteInputs: 200,
      seeds: [STYLES[format]],
      parse: (bytes) => {
        const report = parseStyleOutput(format, textOf(bytes), "/tree");
        if (report.kind === "found") for (const { path } of report.found) if (path !== "") assertInsideTree(path);
      },
    }),
  ),
  {
    name: "program-text",
    tasteInputs: 100,
    seeds: [seedOf(PROGRAM)],
    parse: (bytes) => ["a.ts", "a.js", "a.tsx", "a.d.ts"].map((path) => parseText(path, textOf(bytes))),
  },
  {
    name: "data-text",
    tasteInputs: 100,
    seeds: [seedOf(PACKAGE_JSON), seedOf(PNPM_9)],
    parse: (bytes) => ["a.json", "tsconfig.json", "a.yaml", "a"].map((path) => parseText(path, textOf(bytes))),
  },
  { name: "module", tasteInputs: 100, seeds: [seedOf(PROGRAM)], parse: (bytes) => ["a.ts", "a.cjs"].map((path) => parseModule(path, textOf(bytes))) },
  {
    name: "source",
    tasteInputs: 50,
    seeds: [seedOf(PROGRAM), seedOf(PYTHON)],
    parse: (bytes) => ["a.ts", "a.py", "a.yaml", "a.sql"].map((path) => parseSource(path, textOf(bytes))),
  },
  {
    name: "python",
    tasteInputs: 100,
    seeds: [seedOf(PYTHON)],
    parse: (bytes) => {
      const parsed = parsePython(textOf(bytes));
      if (parsed.tree !== null) findPythonImports(parsed.tree, textOf(bytes));
      else assertHolds(parsed.brokenAt >= 0 && parsed.brokenAt <= textOf(bytes).length, "where it breaks is a place in it");
      parsePythonModule(textOf(bytes));
    },
  },
  {
    name: "settings-values",
    tasteInputs: 100,
    seeds: [seedOf("watch: { errorShare: 0.1 }\nexchange:\n  smoke:\n    - path: /\n"), seedOf("a: &x { b: *x }\n")],
    parse: (bytes) => readSettingsValues(textOf(bytes)),
  },
];

function readLockfile(path: string, text: string, before: string): void {
  const read = parseLockfile(path, text);
  if (!("unreadable" in read))
    for (const [name, packages] of read.packages)
      for (const { resolved } of packages) assertHolds(!/:\/\/[^/]*@/.test(resolved.at ?? ""), `no password is shown in the address of ${name}`);
  planDependencyChanges([{ path, text: before }], [{ path, text }], { node: "24.16.0" });
  findLockfileMismatches([
    { path, text },
    { path: "package.json", text: JSON.stringify(PACKAGE_JSON) },
  ]);
  assertHolds(Object.keys(Object.prototype).length === 0, "no prototype is changed");
}

function assertInsideTree(path: string): void {
  assertHolds(!path.startsWith("/") && !path.split("/").includes(".."), `what is found lies in the tree: ${JSON.stringify(path)}`);
}
