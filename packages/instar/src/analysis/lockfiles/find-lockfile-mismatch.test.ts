import { describe, expect, test } from "vitest";
import { findLockfileMismatches } from "./find-lockfile-mismatch.ts";

const LOCKS = {
  "package-lock.json": JSON.stringify({
    lockfileVersion: 3,
    packages: {
      "": { dependencies: { ms: "^2.0.0", git: "github:a/b#1" }, workspaces: ["packages/*"] },
      "node_modules/ms": { version: "2.1.3" },
      "node_modules/git": { version: "1.0.0" },
      "node_modules/inner": { resolved: "packages/inner", link: true },
      "packages/inner": { dependencies: { ms: "^1.0.0" } },
      "packages/inner/node_modules/ms": { version: "1.0.0" },
    },
  }),
  "npm-shrinkwrap.json": JSON.stringify({ lockfileVersion: 1, dependencies: { ms: { version: "2.1.3" } } }),
  "pnpm-lock.yaml": `lockfileVersion: '9.0'
overrides: {held: 1.0.0}
importers:
  .:
    dependencies:
      ms: {specifier: ^2.0.0, version: 2.1.3}
  packages/inner:
    dependencies:
      ms: {specifier: ^1.0.0, version: 1.0.0}
`,
  "yarn.lock": '# yarn lockfile v1\n\nms@^2.0.0:\n  version "2.1.3"\n',
} as const;
const BERRY =
  '__metadata:\n  version: 8\n"ms@npm:^2.0.0":\n  version: 2.1.3\n  resolution: "ms@npm:2.1.3"\n"inner@workspace:packages/inner":\n  resolution: "inner@workspace:packages/inner"\n';

const find = (lockfile: string, text: string, manifests: Record<string, unknown>) =>
  findLockfileMismatches([
    { path: lockfile, text },
    ...Object.entries(manifests).map(([path, content]) => ({ path, text: typeof content === "string" ? content : JSON.stringify(content) })),
  ]);
const sentences = (lockfile: string, text: string, manifest: unknown) =>
  find(lockfile, text, { "package.json": manifest }).map(({ name, because, kind }) => `${kind} ${name}: ${because}`);

describe("a lockfile that is stale", () => {
  test.each<[string, keyof typeof LOCKS, unknown, string[]]>([
    ["npm: what it holds is enough", "package-lock.json", { dependencies: { ms: "^2.1.0" } }, []],
    [
      "npm: a new package is missing",
      "package-lock.json",
      { dependencies: { zod: "^4" } },
      ['stale zod: package.json asks for "^4", and the lockfile does not hold it'],
    ],
    [
      "npm: another range",
      "package-lock.json",
      { dependencies: { ms: "^3.0.0" } },
      ['stale ms: package.json asks for "^3.0.0", and the lockfile holds "2.1.3"'],
    ],
    [
      "npm: a missing optional one is missing too",
      "package-lock.json",
      { optionalDependencies: { zod: "^4" } },
      ['stale zod: package.json asks for "^4", and the lockfile does not hold it'],
    ],
    [
      "npm: a git address is compared as it is written",
      "package-lock.json",
      { dependencies: { git: "github:a/b#2" } },
      ['stale git: package.json asks for "github:a/b#2", and the lockfile was made for "github:a/b#1"'],
    ],
    ["npm: any version is any version", "package-lock.json", { dependencies: { ms: "*" } }, []],
    ["npm: an overridden one is not judged", "package-lock.json", { dependencies: { ms: "^3.0.0" }, overrides: { ms: "2.1.3" } }, []],
    ["npm: one more than is asked for is no mismatch", "package-lock.json", {}, []],
    [
      "npm, format 1: the same",
      "npm-shrinkwrap.json",
      { dependencies: { ms: "^3.0.0" } },
      ['stale ms: package.json asks for "^3.0.0", and the lockfile holds "2.1.3"'],
    ],
    ["pnpm: what it holds is enough", "pnpm-lock.yaml", { dependencies: { ms: "^2.0.0" } }, []],
    [
      "pnpm: even a range that would do",
      "pnpm-lock.yaml",
      { dependencies: { ms: "^2.1.0" } },
      ['stale ms: package.json asks for "^2.1.0", and the lockfile was made for "^2.0.0"'],
    ],
    ["pnpm: one more than is asked for", "pnpm-lock.yaml", {}, ["stale ms: the lockfile holds it for this package.json, which does not ask for it"]],
    ["pnpm: an overridden one is not judged", "pnpm-lock.yaml", { dependencies: { ms: "^2.0.0", held: "^9" } }, []],
    ["pnpm: a peer may be held", "pnpm-lock.yaml", { peerDependencies: { ms: "^2.0.0" } }, []],
    ["yarn: what it holds is enough", "yarn.lock", { devDependencies: { ms: "^2.0.0" } }, []],
    ["yarn: another range", "yarn.lock", { dependencies: { ms: "^2.1.0" } }, ['stale ms: package.json asks for "^2.1.0", and the lockfile does not hold it']],
    ["yarn: a project of the workspace is not listed", "yarn.lock", { dependencies: { inner: "workspace:*" } }, []],
    ["a package.json that cannot be read", "package-lock.json", "{", ["unknown null: package.json cannot be read: it is not JSON"]],
    [
      "a name that every object has",
      "package-lock.json",
      { dependencies: { constructor: "^1" } },
      ['stale constructor: package.json asks for "^1", and the lockfile does not hold it'],
    ],
  ])("%s", (_, lockfile, manifest, found) => expect(sentences(lockfile, LOCKS[lockfile], manifest)).toEqual(found));

  test("a later yarn: the range is listed with its protocol", () => {
    expect(sentences("yarn.lock", BERRY, { dependencies: { ms: "^2.0.0" } })).toEqual([]);
    expect(sentences("yarn.lock", BERRY, { dependencies: { ms: "^3.0.0" } })).toHaveLength(1);
  });
  test.each([
    ["package-lock.json", LOCKS["package-lock.json"]],
    ["pnpm-lock.yaml", LOCKS["pnpm-lock.yaml"]],
    ["yarn.lock", BERRY],
  ])("%s answers for its projects too, in any folder", (name, text) => {
    const found = find(`app/${name}`, text, {
      "app/packages/inner/package.json": { dependencies: { ms: "^1.0.0", zod: "^4" } },
      "app/other/package.json": { dependencies: { zod: "^4" } },
    });
    expect(found.filter(({ name }) => name === "zod")).toMatchObject([{ lockfile: `app/${name}`, manifest: "app/packages/inner/package.json", kind: "stale" }]);
  });
  test("a lockfile that cannot be read is not taken for a good one", () =>
    expect(find("package-lock.json", "{", { "package.json": {} })).toMatchObject([
      { kind: "unknown", name: null, because: "the lockfile cannot be read: it is not JSON" },
    ]));
});
