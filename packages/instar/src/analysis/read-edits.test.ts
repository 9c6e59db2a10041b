import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { plantTree } from "./graph/plant-tree.testing.ts";
import { type FileDifference, readEdits } from "./read-edits.ts";

const added = (path: string, parts: Partial<FileDifference> = {}): FileDifference => ({
  path,
  status: "added",
  addedLines: 1,
  deletedLines: 0,
  modeBefore: 0,
  modeAfter: 0o100644,
  isBinary: false,
  ...parts,
});
const read = async (root: string, difference: FileDifference) => (await readEdits([difference], { before: null, after: root }))[0];

test("a text is read, also under a name with a line feed", async () => {
  const { root } = plantTree({ "a\nb.js": "let a;" });
  expect(await read(root, added("a\nb.js"))).toMatchObject({ after: "let a;", before: null, hasText: true });
});

test("both sides are read, the old one under its old name", async () => {
  const trees = { before: plantTree({ "old.js": "1" }).root, after: plantTree({ "new.js": "2" }).root };
  const renamed = added("new.js", { from: "old.js", status: "renamed", modeBefore: 0o100644 });
  expect(await readEdits([renamed], trees)).toMatchObject([{ before: "1", after: "2", hasText: true }]);
});

for (const [name, files, difference] of [
  ["a text of more than two megabytes", { "a.js": "a".repeat(2 * 1_048_576 + 1) }, added("a.js")],
  ["bytes that are not UTF-8", { "a.js": Buffer.from([0xff, 0xfe]) }, added("a.js")],
  ["bytes with a zero among them", { "a.js": Buffer.from([0x61, 0, 0x61]) }, added("a.js")],
  ["what git calls binary", { "a.js": "text" }, added("a.js", { isBinary: true })],
  ["a link, wherever it leads", { "a.js": { link: "b.js" }, "b.js": "text" }, added("a.js", { modeAfter: 0o120000 })],
  ["a link that calls itself a file", { "a.js": { link: "b.js" }, "b.js": "text" }, added("a.js")],
  ["a submodule", { a: { submodule: "c".repeat(40) } }, added("a", { modeAfter: 0o160000 })],
  ["a folder that calls itself a file", { "a/b.js": "text" }, added("a")],
  ["a file that is not there", {}, added("a.js")],
] as const)
  test(`${name} is not read, and it is said`, async () => {
    expect(await read(plantTree(files).root, difference)).toMatchObject({ after: null, hasText: false });
  });

test("a folder that leads out of the tree is not read through", async () => {
  const { root } = plantTree({ "a.js": "1" });
  const away = plantTree({ "x.js": "secret" });
  symlinkSync(away.root, join(root, "sub"));
  expect(await read(root, added("sub/x.js"))).toMatchObject({ after: null, hasText: false });
});

test("a folder that is a link to another one of the tree is read through", async () => {
  const { root } = plantTree({ "real/x.js": "1" });
  symlinkSync("real", join(root, "sub"));
  expect(await read(root, added("sub/x.js"))).toMatchObject({ after: "1" });
});

test("a lockfile may be larger", async () => {
  const { root } = plantTree({});
  mkdirSync(join(root, "app"));
  writeFileSync(join(root, "app/package-lock.json"), " ".repeat(3 * 1_048_576));
  expect(await read(root, added("app/package-lock.json"))).toMatchObject({ hasText: true });
});
