import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type NamedText, planDependencyChanges } from "./plan-dependency-changes.ts";

type Entry = Record<string, unknown>;
const LODASH = { version: "4.17.20", resolved: "https://registry.npmjs.org/lodash/-/lodash-4.17.20.tgz", integrity: "sha512-old==" };
const CHALK = { version: "5.0.0", resolved: "https://registry.npmjs.org/chalk/-/chalk-5.0.0.tgz", integrity: "sha512-ck==" };

const lock = (packages: Record<string, Entry>, path = "package-lock.json"): NamedText => {
  const places = Object.entries(packages).map(([name, entry]) => [`node_modules/${name}`, entry]);
  return { path, text: JSON.stringify({ lockfileVersion: 3, packages: { "": { dependencies: { lodash: "^4" } }, ...Object.fromEntries(places) } }) };
};
const at = (name: string, version: string, more: Entry = {}): Entry => ({
  version,
  resolved: `https://registry.npmjs.org/${name}/-/${name.replace(/^.*\//, "")}-${version}.tgz`,
  integrity: `sha512-${version}==`,
  ...more,
});
const plan = (before: Record<string, Entry>, after: Record<string, Entry>, node: string | null = "24.16.0") =>
  planDependencyChanges([lock(before)], [lock(after)], { node });
/** The one change of lodash, or of what is named. */
const changeOf = (before: Entry | null, after: Entry | null, name = "lodash", node: string | null = "24.16.0") => {
  const side = (entry: Entry | null) => ({ chalk: CHALK, ...(name === "lodash" ? {} : { lodash: LODASH }), ...(entry === null ? {} : { [name]: entry }) });
  const { changes, unreadable } = plan(side(before), side(after), node);
  expect(unreadable).toEqual([]);
  expect(changes.length).toBeLessThan(2);
  return changes[0];
};

describe("what changed", () => {
  test("nothing, where the text is the same", () => expect(plan({ lodash: LODASH }, { lodash: LODASH })).toEqual({ changes: [], unreadable: [], notes: [] }));
  test("nothing, where only the order of the entries is another", () =>
    expect(plan({ lodash: LODASH, chalk: CHALK }, { chalk: CHALK, lodash: LODASH }).changes).toEqual([]));
  test("nothing, where the same bytes are installed once more", () =>
    expect(plan({ lodash: LODASH, chalk: CHALK }, { lodash: LODASH, chalk: CHALK, "chalk/node_modules/lodash": LODASH }).changes).toEqual([]));
  test("an ordinary update has no concerns", () =>
    expect(changeOf(LODASH, at("lodash", "4.17.21", { engines: { node: ">=4" } }))).toEqual({
      name: "lodash",
      manager: "npm",
      lockfile: "package-lock.json",
      kind: "changed",
      from: ["4.17.20"],
      to: ["4.17.21"],
      bump: "patch",
      direct: true,
      installScripts: false,
      engines: ">=4",
      concerns: [],
    }));
  test("an added one has no versions before", () =>
    expect(changeOf(null, at("zod", "4.0.0"), "zod")).toMatchObject({ kind: "added", from: [], to: ["4.0.0"], bump: "none", direct: false, concerns: [] }));
  test("a removed one has none after, and nothing to look at", () =>
    expect(changeOf(at("zod", "4.0.0", { hasInstallScript: true }), null, "zod")).toMatchObject({
      kind: "removed",
      from: ["4.0.0"],
      to: [],
      installScripts: true,
      concerns: [],
    }));

  test.each([
    ["a patch", "1.2.3", "1.2.4", "patch"],
    ["a minor", "1.2.3", "1.3.0", "minor"],
    ["a major", "1.2.3", "2.0.0", "major"],
    ["a version back", "1.2.3", "1.2.2", "downgrade"],
    ["a release candidate of a major", "1.2.3", "2.0.0-rc.1", "major"],
    ["what is no version", "1.2.3", "master", "unknown"],
  ])("%s: %s → %s is %s", (_, from, to, bump) => expect(changeOf(at("lodash", from), at("lodash", to))?.bump).toBe(bump));
  test("of several versions each new one is held against the nearest that was there", () => {
    const both = (inner: string, outer: string) => ({ a: at("a", inner), chalk: CHALK, "chalk/node_modules/a": at("a", outer) });
    expect(plan(both("1.0.0", "2.0.0"), both("1.0.1", "2.0.0")).changes[0]).toMatchObject({ from: ["1.0.0", "2.0.0"], to: ["1.0.1", "2.0.0"], bump: "patch" });
    expect(plan(both("1.0.0", "2.0.0"), both("1.0.0", "3.0.0")).changes[0]).toMatchObject({ bump: "major" });
    expect(plan(both("1.0.0", "2.0.0"), { a: at("a", "1.0.0"), chalk: CHALK }).changes[0]).toMatchObject({ to: ["1.0.0"], bump: "downgrade" });
    expect(plan(both("1.0.0", "2.0.0"), { a: at("a", "2.0.0"), chalk: CHALK }).changes[0]).toMatchObject({ to: ["2.0.0"], bump: "none" });
  });
});

describe("what a person should look at", () => {
  const NEXT = at("lodash", "4.17.21");
  test.each<[string, Entry | null, Entry, RegExp]>([
    ["the same version with other bytes", LODASH, { ...LODASH, integrity: "sha512-evil==" }, /same version with other bytes/],
    ["one more hash beside the known one", LODASH, { ...LODASH, integrity: "sha512-old== sha512-evil==" }, /same version with other bytes/],
    ["a hash that is gone", LODASH, { ...LODASH, integrity: undefined }, /had a hash before and has none now/],
    ["a hash of another kind", LODASH, { ...LODASH, integrity: "sha1-abc=" }, /of another kind than before/],
    ["a weaker hash", LODASH, { ...NEXT, integrity: "sha1-abc=" }, /weaker than before/],
    ["a weak hash of something new", null, { ...NEXT, integrity: "sha1-abc=" }, /only a weak hash/],
    ["no hash", null, { ...NEXT, integrity: undefined }, /no hash: whatever the address answers/],
    [
      "another registry",
      LODASH,
      { ...NEXT, resolved: "https://evil.example/lodash/-/lodash-4.17.21.tgz" },
      /from the registry evil\.example, before from registry\.npmjs\.org/,
    ],
    [
      "something new from a registry that nothing came from",
      null,
      { ...NEXT, resolved: "https://evil.example/lodash/-/lodash-4.17.21.tgz" },
      /evil\.example, a registry that nothing else came from/,
    ],
    [
      "the same version at another registry",
      LODASH,
      { ...LODASH, resolved: "https://evil.example/lodash/-/lodash-4.17.20.tgz" },
      /from the registry evil\.example/,
    ],
    [
      "a git repository",
      LODASH,
      { version: "4.17.21", resolved: "git+ssh://git@github.com/evil/lodash.git#abc" },
      /from a git repository \(ssh:\/\/github\.com\/evil/,
    ],
    [
      "another commit of the same version",
      { version: "1.0.0", resolved: "git+ssh://git@h.example/a.git#abc" },
      { version: "1.0.0", resolved: "git+ssh://git@h.example/a.git#def" },
      /1\.0\.0 comes from .*#def, before from .*#abc/,
    ],
    ["an address", LODASH, { ...NEXT, resolved: "https://evil.example/l.tgz" }, /from an address \(https:\/\/evil\.example\/l\.tgz\)/],
    ["a file", LODASH, { version: "4.17.21", resolved: "file:vendor/l.tgz", integrity: "sha512-x==" }, /from a file \(file:vendor\/l\.tgz\)/],
    ["a link", LODASH, { resolved: "packages/lodash", link: true }, /a link to a folder/],
    ["no encryption", LODASH, { ...NEXT, resolved: "http://registry.npmjs.org/lodash/-/lodash-4.17.21.tgz" }, /without encryption/],
    ["a place that is not named", null, { version: "1.0.0" }, /does not say where it comes from/],
    ["an install script that is new", LODASH, { ...NEXT, hasInstallScript: true }, /which it did not before/],
    ["an install script of the same version", LODASH, { ...LODASH, hasInstallScript: true }, /which it did not before/],
    ["something new with an install script", null, { ...NEXT, hasInstallScript: true }, /new, and runs a program/],
    ["a Node that is not this one", LODASH, { ...NEXT, engines: { node: ">=26" } }, /asks for Node >=26, and 24\.16\.0 runs here/],
    ["a Node that nobody understands", LODASH, { ...NEXT, engines: { node: "the best" } }, /the best, which cannot be understood/],
    ["a range that is a page long", LODASH, { ...NEXT, engines: { node: ">=1 ".repeat(10_000) } }, /cannot be understood/],
    ["a downgrade", LODASH, at("lodash", "4.17.19"), /back to an older version/],
  ])("%s", (_, before, after, concern) => expect(changeOf(before, after)?.concerns.join("\n")).toMatch(concern));

  test.each<[string, Entry | null, Entry]>([
    ["a stronger hash of another version", { ...LODASH, integrity: "sha1-abc=" }, NEXT],
    ["npm's registry under yarn's name", LODASH, { ...NEXT, resolved: "https://registry.yarnpkg.com/lodash/-/lodash-4.17.21.tgz" }],
    ["an install script that was there before", { ...LODASH, hasInstallScript: true }, { ...NEXT, hasInstallScript: true }],
    ["a Node that is this one", LODASH, { ...NEXT, engines: { node: "^20 || >=22" } }],
  ])("but not %s", (_, before, after) => expect(changeOf(before, after)?.concerns).toEqual([]));
  test("which Node is asked for is no concern where none is known", () =>
    expect(changeOf(LODASH, { ...NEXT, engines: { node: ">=26" } }, "lodash", null)?.concerns).toEqual([]));
  test("one version, listed twice with different bytes", () => {
    const { changes } = plan({ chalk: CHALK }, { chalk: CHALK, a: at("a", "1.0.0"), "chalk/node_modules/a": at("a", "1.0.0", { integrity: "sha512-evil==" }) });
    expect(changes[0]?.concerns.join()).toMatch(/listed twice with different bytes/);
  });
  test("a package that is listed without end is not compared, and that is said", () => {
    const many = Object.fromEntries(Array.from({ length: 3_000 }, (_, index) => [`chalk/node_modules/p${index}`, { ...at("a", `1.0.${index}`), name: "a" }]));
    const [change] = plan({ chalk: CHALK, lodash: LODASH }, { chalk: CHALK, lodash: LODASH, ...many }).changes;
    expect(change).toMatchObject({ name: "a", bump: "unknown", concerns: ["it is listed 3000 times, too often to be compared"] });
    expect(change?.to.length).toBeLessThanOrEqual(500);
  });
  test("what strangers wrote cannot draw on a terminal", () => {
    const change = changeOf(LODASH, { ...NEXT, engines: { node: "\u001b[2Jall is well\n" } });
    expect(change?.concerns.join()).toContain("\\u001b[2Jall is well\\n");
  });

  test.each([
    ["a letter more", "lodashs", true],
    ["a letter less", "lodas", true],
    ["another letter", "lodesh", true],
    ["two letters swapped", "loadsh", true],
    ["words joined in another way", "lo-dash", true],
    ["two other letters", "lodizh", false],
    ["another name", "express", false],
  ])("a new name that is like a direct one's: %s (%s) → %s", (_, name, isAlike) => {
    expect(changeOf(null, at(name, "1.0.0"), name)?.concerns.some((concern) => concern.includes('one slip from "lodash"'))).toBe(isAlike);
  });
  test("a name like that of a package which nobody asked for by itself is none", () =>
    expect(changeOf(null, at("chalks", "1.0.0"), "chalks")?.concerns).toEqual([]));
  test("a name that was there before is none", () => expect(changeOf(at("loadsh", "1.0.0"), at("loadsh", "1.0.1"), "loadsh")?.concerns).toEqual([]));
});

describe("lockfiles that come and go", () => {
  const yarn = (integrity: string): NamedText => ({
    path: "yarn.lock",
    text: `# yarn lockfile v1\n\nlodash@^4:\n  version "4.17.20"\n  resolved "https://registry.yarnpkg.com/lodash/-/lodash-4.17.20.tgz#5b8a3a7765dfe001261dde915589e782f8c94d1e"\n  integrity ${integrity}\n`,
  });
  const options = { node: null };
  test("a new one adds everything", () =>
    expect(planDependencyChanges([], [lock({ lodash: LODASH })], options)).toMatchObject({
      changes: [{ name: "lodash", kind: "added" }],
      notes: [{ because: "it is new" }],
    }));
  test("a deleted one takes everything with it", () =>
    expect(planDependencyChanges([lock({ lodash: LODASH })], [], options)).toMatchObject({
      changes: [{ name: "lodash", kind: "removed" }],
      notes: [{ path: "package-lock.json", because: expect.stringMatching(/deleted/) }],
    }));
  test("another manager's in the same folder takes its place, and the same bytes are no change", () =>
    expect(planDependencyChanges([lock({ lodash: LODASH })], [yarn("sha512-old==")], options)).toMatchObject({
      changes: [],
      notes: [{ path: "yarn.lock", because: 'it takes the place of "package-lock.json"' }],
      unreadable: [],
    }));
  test("and other bytes are one", () =>
    expect(planDependencyChanges([lock({ lodash: LODASH })], [yarn("sha512-evil==")], options).changes).toMatchObject([
      { manager: "yarn", lockfile: "yarn.lock", concerns: [expect.stringMatching(/other bytes/)] },
    ]));
  test("one of another folder is another project's", () =>
    expect(
      planDependencyChanges([lock({ lodash: LODASH }, "a/package-lock.json")], [lock({ lodash: LODASH }, "b/package-lock.json")], options).changes.map(
        ({ kind }) => kind,
      ),
    ).toEqual(["added", "removed"]));
  test("what cannot be read is said, and is not taken for empty", () => {
    const broken = { path: "package-lock.json", text: "{" };
    const unreadable = [{ path: "package-lock.json", because: "it is not JSON" }];
    expect(planDependencyChanges([lock({ lodash: LODASH })], [broken], options)).toEqual({ changes: [], notes: [], unreadable });
    expect(planDependencyChanges([broken], [lock({ lodash: LODASH })], options)).toEqual({ changes: [], notes: [], unreadable });
  });
  test.each([
    ["says who is direct where the lockfile does not", '{"dependencies":{"lodash":"^4"}}', true],
    ["says also who is not", '{"dependencies":{}}', false],
    ["says nothing where it cannot be read", "{", null],
  ])("a package.json beside it %s", (_, text, direct) => {
    expect(planDependencyChanges([], [yarn("sha512-old=="), { path: "package.json", text }], options).changes).toMatchObject([{ direct }]);
  });
});

test("whatever two lockfiles hold, what is added one way is removed the other way", () => {
  const packages = fc.dictionary(
    fc.constantFrom("a", "b", "__proto__", "constructor", "left-pad"),
    fc.constantFrom("1.0.0", "1.0.1", "2.0.0").map((version) => at("a", version)),
  );
  fc.assert(
    fc.property(packages, packages, (one, other) => {
      const [there, back] = [plan(one, other).changes, plan(other, one).changes];
      const inverse = { added: "removed", removed: "added", changed: "changed" };
      expect(back.map(({ name, kind, from, to }) => [name, inverse[kind], to, from])).toEqual(there.map(({ name, kind, from, to }) => [name, kind, from, to]));
    }),
  );
});
