import { CONFLICT_STRATEGIES, type ConflictStrategy } from "@instar/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ConflictFacts, findConflicts } from "./find-conflicts.ts";
import { isByLockfile } from "./find-dependency-conflicts.ts";

const NO_LOCAL = { changed: [], missing: [], added: [] };
const FACTS: ConflictFacts = {
  strategy: "manual",
  local: NO_LOCAL,
  edits: [],
  underWay: null,
  locks: [],
  packages: [],
  lockfiles: [],
  runtime: { node: "24.16.0", python: "3.12.4", platform: "linux", arch: "x64" },
};
const find = (facts: Partial<ConflictFacts>) => findConflicts({ ...FACTS, ...facts });
const brief = (facts: Partial<ConflictFacts>) =>
  find(facts).map(({ kind, what, resolution, blocks }) => `${kind} ${what}: ${resolution}${blocks ? ", blocks" : ""}`);
const packageJson = (content: unknown, path = "package.json") => ({ path, text: JSON.stringify(content) });

test("where nothing is the matter there is no conflict", () => expect(find({})).toEqual([]));

describe("files that were changed by hand", () => {
  const conflicted = { kind: "conflicted", paths: ["f"] } as const;
  const unavailable = { kind: "unavailable", because: "this git is too old" } as const;
  const done = { kind: "merged", left: [] } as const;
  const left = { kind: "merged", left: [{ path: "f", because: "it is a pipe" }] } as const;
  test.each<[ConflictStrategy, "both" | "only local", ConflictFacts["merged"], ConflictStrategy, "blocks" | "goes on"]>([
    ["manual", "both", undefined, "manual", "blocks"],
    ["manual", "only local", undefined, "manual", "blocks"],
    ["update-wins", "both", undefined, "update-wins", "goes on"],
    ["update-wins", "only local", undefined, "update-wins", "goes on"],
    ["update-wins", "both", unavailable, "update-wins", "goes on"],
    ["local-wins", "both", undefined, "local-wins", "goes on"],
    ["local-wins", "only local", undefined, "local-wins", "goes on"],
    ["local-wins", "both", done, "local-wins", "goes on"],
    ["local-wins", "only local", left, "update-wins", "goes on"],
    ["local-wins", "only local", unavailable, "manual", "blocks"],
    ["merge", "both", undefined, "merge", "goes on"],
    ["merge", "only local", undefined, "merge", "goes on"],
    ["merge", "both", done, "merge", "goes on"],
    ["merge", "both", conflicted, "manual", "blocks"],
    ["merge", "only local", conflicted, "manual", "blocks"],
    ["merge", "only local", left, "update-wins", "goes on"],
    ["merge", "both", unavailable, "manual", "blocks"],
    ["merge", "only local", unavailable, "manual", "blocks"],
  ])("%s, touched by %s, %o: %s, %s", (strategy, by, merged, resolution, end) => {
    for (const how of ["changed", "missing", "added"] as const) {
      const facts = {
        strategy,
        local: { ...NO_LOCAL, [how]: ["f"] },
        edits: by === "both" ? [{ path: "f" }] : [{ path: "g" }],
        ...(merged === undefined ? {} : { merged }),
      };
      const [conflict, ...rest] = find(facts);
      expect(rest).toEqual([]);
      expect(conflict).toMatchObject({ kind: "file_modified", what: "f", resolution, blocks: end === "blocks" });
      expect(conflict?.because).toContain(by === "both" ? "the update touches it too" : "the update does not touch it");
    }
  });
  test("a merge that failed over one file goes on with the others", () =>
    expect(brief({ strategy: "merge", local: { ...NO_LOCAL, changed: ["f", "g"] }, merged: conflicted })).toEqual([
      "file_modified f: manual, blocks",
      "file_modified g: merge",
    ]));

  test.each<[string, string, ConflictFacts["edits"], boolean]>([
    ["the same path", "a/b", [{ path: "a/b" }], true],
    ["the path that a rename leaves", "a/b", [{ path: "c", from: "a/b" }], true],
    ["a file where the update has a folder", "a", [{ path: "a/b/c" }], true],
    ["a folder where the update has a file", "a/b/c", [{ path: "a" }], true],
    ["a name that only begins alike", "a/b", [{ path: "a/bc" }, { path: "a/" }, { path: "b" }], false],
  ])("touched by both: %s", (_, path, edits, isBoth) => {
    expect(find({ local: { ...NO_LOCAL, changed: [path] }, edits })[0]?.because.includes("touches it too")).toBe(isBoth);
  });
  test("those that the update touches too come first, and of each sort fifty are named", () => {
    const changed = Array.from({ length: 120 }, (_, index) => `f${index}`);
    const conflicts = find({ local: { ...NO_LOCAL, changed }, edits: changed.slice(60).map((path) => ({ path })) });
    expect(conflicts).toHaveLength(102);
    expect([conflicts[0]?.what, conflicts[50]?.what, conflicts[101]?.what]).toEqual(["f60", "10 more files", "10 more files"]);
    expect(conflicts.every(({ blocks }) => blocks)).toBe(true);
  });
  test("a file that blocks is not among those that are only counted", () => {
    const changed = Array.from({ length: 120 }, (_, index) => `f${index}`);
    expect(find({ strategy: "merge", local: { ...NO_LOCAL, changed }, merged: { kind: "conflicted", paths: ["f119"] } })[0]).toMatchObject({
      what: "f119",
      blocks: true,
    });
  });
  test("new files in caches are counted and block nothing; a changed one, or one that the update touches, is a file like others", () => {
    const added = ["lib/__pycache__/a.pyc", "b.pyc", ".DS_Store"];
    expect(brief({ local: { ...NO_LOCAL, added } })).toEqual(["file_modified 3 files of caches: update-wins"]);
    expect(brief({ local: { ...NO_LOCAL, changed: ["b.pyc"] } })).toEqual(["file_modified b.pyc: manual, blocks"]);
    expect(brief({ local: { ...NO_LOCAL, added: ["b.pyc"] }, edits: [{ path: "b.pyc" }] })).toEqual(["file_modified b.pyc: manual, blocks"]);
  });
  test.each<[ConflictStrategy, boolean]>([
    ["manual", true],
    ["merge", true],
    ["local-wins", true],
    ["update-wins", false],
  ])("a release of which not even the list of files is whole: %s → blocks %s", (strategy, blocks) =>
    expect(find({ strategy, local: { ...NO_LOCAL, changed: ["manifest.jsonl"] } })).toMatchObject([
      { blocks, because: expect.stringMatching(/anything may have been changed/) },
    ]),
  );
});

describe("what no strategy can win", () => {
  test.each(CONFLICT_STRATEGIES)("%s: another update and a held lock block", (strategy) => {
    const facts = {
      strategy,
      underWay: { update: "u-7", version: "1.2.0" },
      locks: [{ resource: ".git/index.lock", because: "somebody is writing in the source" }],
    };
    expect(brief(facts)).toEqual(["concurrent_update u-7: manual, blocks", "resource_lock .git/index.lock: manual, blocks"]);
  });
});

describe("versions that are asked for", () => {
  const runtime = FACTS.runtime;
  const unknown = { ...runtime, node: null, python: null };
  type Row = [string, Partial<ConflictFacts>, string[]];
  test.each<Row>([
    ["a Node that is here", { packages: [packageJson({ engines: { node: ">=24" } })] }, []],
    ["a Node that is not", { packages: [packageJson({ engines: { node: "^20 || 22" } })] }, ["version_mismatch Node: manual, blocks"]],
    ["any Node", { packages: [packageJson({ engines: { node: "*" } })], runtime: unknown }, []],
    ["a Node that is not known", { packages: [packageJson({ engines: { node: "^20" } })], runtime: unknown }, ["version_mismatch Node: manual"]],
    ["a range that nobody understands", { packages: [packageJson({ engines: { node: "newest" } })] }, ["version_mismatch Node: manual"]],
    ["a range of a page", { packages: [packageJson({ engines: { node: ">1 ".repeat(9_999) } })] }, ["version_mismatch Node: manual"]],
    ["an npm that is not known", { packages: [packageJson({ engines: { npm: ">=11" } })] }, ["version_mismatch npm: manual"]],
    [
      "an npm that is too old",
      { packages: [packageJson({ engines: { npm: ">=11" } })], runtime: { ...runtime, managers: { npm: "10.9.0" } } },
      ["version_mismatch npm: manual, blocks"],
    ],
    ["another system", { packages: [packageJson({ os: ["darwin"] })] }, ["version_mismatch the system: manual, blocks"]],
    ["this system, by its name", { packages: [packageJson({ os: "linux", cpu: ["x64", "arm64"] })] }, []],
    ["any system but this", { packages: [packageJson({ os: ["!linux"] })] }, ["version_mismatch the system: manual, blocks"]],
    ["any system but another", { packages: [packageJson({ os: ["!win32"] })] }, []],
    ["another processor", { packages: [packageJson({ cpu: ["arm64"] })] }, ["version_mismatch the processor: manual, blocks"]],
    ["a package of another folder", { packages: [packageJson({ engines: { node: "20" } }, "examples/a/package.json")] }, []],
    [
      "the agent's own folder",
      { packages: [packageJson({ engines: { node: "20" } }, "apps/a/package.json")], directory: "./apps/a/" },
      ["version_mismatch Node: manual, blocks"],
    ],
    [".nvmrc of this line", { toolFiles: [{ path: ".nvmrc", text: "v24.1.0\n" }] }, []],
    [".nvmrc of another line", { toolFiles: [{ path: ".nvmrc", text: "20" }] }, ["version_mismatch Node: manual, blocks"]],
    [".nvmrc by name", { toolFiles: [{ path: ".nvmrc", text: "lts/krypton # ours" }] }, []],
    [".nvmrc by another name", { toolFiles: [{ path: ".node-version", text: "lts/iron" }] }, ["version_mismatch Node: manual, blocks"]],
    [
      ".nvmrc where package.json says what is needed",
      { packages: [packageJson({ engines: { node: ">=18" } })], toolFiles: [{ path: ".nvmrc", text: "20" }] },
      ["version_mismatch Node: manual"],
    ],
    [".nvmrc that nobody understands", { toolFiles: [{ path: ".nvmrc", text: "system" }] }, ["version_mismatch Node: manual"]],
    ["an empty .nvmrc", { toolFiles: [{ path: ".nvmrc", text: "\n" }] }, []],
  ])("%s", (_, facts, expected) => expect(brief(facts)).toEqual(expected));

  test.each<[string, string | null, "met" | "blocks" | "said"]>([
    [">=3.11", "3.12.4", "met"],
    [">=3.11,<4", "3.12.4", "met"],
    [">=3.13", "3.12.4", "blocks"],
    [">=3.9", "3.12.4", "met"],
    ["<3.12", "3.12.4", "blocks"],
    ["==3.12.*", "3.12.4", "met"],
    ["==3.11.*", "3.12.4", "blocks"],
    ["!=3.12.*", "3.12.4", "blocks"],
    ["~=3.10", "3.12.4", "met"],
    ["~=3.11.2", "3.12.4", "blocks"],
    ["^3.11", "3.12.4", "met"],
    ["^3.11", "4.0.1", "blocks"],
    [">=3.12", "3.12.0rc1", "met"],
    [">=3.11", null, "said"],
    ["*", null, "met"],
    ["three", "3.12.4", "said"],
  ])("Python %s with %s: %s", (range, python, expected) => {
    for (const text of [`[project]\nname = "a"\nrequires-python = "${range}"\n`, `[tool.poetry.dependencies]\npython = '${range}' # ours\n`]) {
      const [conflict] = find({ toolFiles: [{ path: "pyproject.toml", text }], runtime: { ...runtime, python } });
      expect(conflict === undefined ? "met" : conflict.blocks ? "blocks" : "said").toBe(expected);
    }
  });
  test("what another section of pyproject.toml says is not asked for", () =>
    expect(find({ toolFiles: [{ path: "pyproject.toml", text: '[tool.other]\nrequires-python = ">=9"\npython = ">=9"\n' }] })).toEqual([]));
  test("what the version that runs asks for as well does not block", () => {
    const packages = [packageJson({ engines: { node: "^20" } })];
    expect(find({ packages, before: { packages, lockfiles: [] } })).toMatchObject([
      { blocks: false, because: expect.stringMatching(/version that runs asks for the same/) },
    ]);
    expect(find({ packages, before: { packages: [packageJson({ engines: { node: "^18" } })], lockfiles: [] } })).toMatchObject([{ blocks: true }]);
  });
});

describe("dependencies that do not fit", () => {
  const lock = (packages: Record<string, unknown>, path = "package-lock.json") => ({
    path,
    text: JSON.stringify({ lockfileVersion: 3, packages: { "": {}, ...packages } }),
  });
  const stale = { packages: [packageJson({ dependencies: { ms: "^3" } })], lockfiles: [lock({ "node_modules/ms": { version: "2.0.0" } })] };
  test.each<[string, Partial<ConflictFacts>, boolean]>([
    ["which refuses it", { install: "npm ci" }, true],
    ["which refuses it, as a list", { install: ["/usr/bin/npm", "ci", "--omit=dev"] }, true],
    ["which mends it", { install: "npm install" }, false],
    ["which is not known", {}, false],
    ["which refuses it, but it was so before", { install: "npm ci", before: stale }, false],
  ])("a stale lockfile and an installation %s", (_, facts, blocks) =>
    expect(find({ ...stale, ...facts })).toMatchObject([{ kind: "dependency_conflict", what: "ms", blocks }]),
  );
  test.each([
    ["npm ci", true],
    ["cd app && npm ci --omit=dev", true],
    ["pnpm install --frozen-lockfile", true],
    ["yarn install --immutable", true],
    ["npm install ci", false],
    ["npm i", false],
    ["pip install ci", false],
  ])("`%s` installs by the lockfile: %s", (command, expected) => expect(isByLockfile(command)).toBe(expected));
  test("a stale lockfile of an example in the tree is nobody's concern", () =>
    expect(
      find({ packages: [packageJson({ dependencies: { ms: "^3" } }, "x/package.json")], lockfiles: [lock({}, "x/package-lock.json")], install: "npm ci" }),
    ).toEqual([]));
  test("a lockfile that cannot be read is said", () =>
    expect(find({ packages: [packageJson({})], lockfiles: [{ path: "package-lock.json", text: "{" }] })).toMatchObject([
      { blocks: false, because: expect.stringMatching(/cannot be read/) },
    ]));
  test("two lockfiles that hold other versions", () => {
    const packages = [packageJson({ dependencies: { ms: "^2", same: "^1" } })];
    const pnpm = (version: string) => ({
      path: "pnpm-lock.yaml",
      text: `lockfileVersion: '6.0'\ndependencies:\n  ms: {specifier: ^2, version: ${version}}\n  same: {specifier: ^1, version: 1.0.0}\npackages:\n  /ms@${version}:\n    resolution: {integrity: x}\n  /same@1.0.0:\n    resolution: {integrity: x}\n`,
    });
    const npm = lock({ "node_modules/ms": { version: "2.0.0" }, "node_modules/same": { version: "1.0.0" } });
    expect(find({ packages, lockfiles: [npm, pnpm("2.1.0")] })).toMatchObject([
      { what: "pnpm-lock.yaml", blocks: false, because: expect.stringMatching(/other versions of "ms";/) },
    ]);
    expect(find({ packages, lockfiles: [npm, pnpm("2.0.0")] })).toEqual([]);
  });
  test("a lockfile of another manager than package.json names", () => {
    expect(find({ packages: [packageJson({ packageManager: "pnpm@9.1.0" })], lockfiles: [lock({})] })).toMatchObject([{ what: "package.json", blocks: false }]);
    expect(find({ packages: [packageJson({ packageManager: "npm@11.0.0" })], lockfiles: [lock({})] })).toEqual([]);
  });
  test.each<[string, Record<string, unknown>, RegExp | null]>([
    ["is not there", {}, /needs "react@\^18" beside it, which is not there/],
    ["is of another version", { "node_modules/react": { version: "17.0.0" } }, /needs "react@\^18" beside it, and "17\.0\.0" is there/],
    ["is there", { "node_modules/react": { version: "18.2.0" } }, null],
    [
      "is there, but hidden in another package",
      { "node_modules/x": { version: "1.0.0" }, "node_modules/x/node_modules/react": { version: "18.2.0" } },
      /not there/,
    ],
  ])("a peer that %s", (_, more, because) => {
    const lockfiles = [
      lock({
        "node_modules/dom": { version: "1.0.0", peerDependencies: { react: "^18", may: "*" }, peerDependenciesMeta: { may: { optional: true } } },
        ...more,
      }),
    ];
    expect(find({ lockfiles })).toMatchObject(because === null ? [] : [{ what: "dom", blocks: false, because: expect.stringMatching(because) }]);
    expect(find({ lockfiles })).toHaveLength(because === null ? 0 : 1);
  });
  test("packages that ask for another Node are counted together; those of development are not", () => {
    const entry = (dev: boolean) => ({ version: "1.0.0", engines: { node: ">=26" }, dev });
    const lockfiles = [lock({ "node_modules/a": entry(false), "node_modules/b": entry(true) })];
    expect(find({ lockfiles })).toMatchObject([{ what: "package-lock.json", blocks: false, because: 'another Node than 24.16.0 is asked for by "a"' }]);
    expect(find({ lockfiles, runtime: { ...FACTS.runtime, node: null } })).toEqual([]);
  });
});

test("whatever the files say, there is an answer, and only update-wins never asks a person about files", () => {
  const paths = fc.array(fc.string({ minLength: 1 }), { maxLength: 5 });
  const texts = fc.array(
    fc.record({
      path: fc.constantFrom("package.json", "package-lock.json", "yarn.lock", "pnpm-lock.yaml", ".nvmrc", "pyproject.toml"),
      text: fc.oneof(fc.string(), fc.json()),
    }),
    { maxLength: 4 },
  );
  fc.assert(
    fc.property(fc.constantFrom(...CONFLICT_STRATEGIES), paths, paths, texts, (strategy, changed, edited, files) => {
      const facts = { strategy, local: { ...NO_LOCAL, changed }, edits: edited.map((path) => ({ path })), packages: files, lockfiles: files, toolFiles: files };
      const ofFiles = find(facts).filter(({ kind }) => kind === "file_modified");
      expect(ofFiles).toHaveLength(changed.length);
      if (strategy === "manual") expect(ofFiles.every(({ blocks }) => blocks)).toBe(true);
      if (strategy === "update-wins") expect(ofFiles.some(({ blocks }) => blocks)).toBe(false);
    }),
  );
});
