import { execFileSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { renderTree } from "../backups/sample-tree.testing.ts";
import { removeTree } from "../platform/durable-files.ts";
import { openReleaseStore } from "../releases/release-store.ts";
import { bringTree } from "./bring-tree.ts";
import { compareTree } from "./compare-tree.ts";
import { type ContentStore, openContentStore } from "./content-store.ts";
import { readTree } from "./read-tree.ts";
import { openTreeStore } from "./tree-store.ts";

let home: string;
let store: ContentStore;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "instar-trees-"));
  store = openContentStore({ folder: join(home, "store") });
});
afterEach(() => removeTree(home));

/** The digest of a folder that is kept. */
async function keep(folder: string): Promise<string> {
  let kept = "";
  await openTreeStore(store).keep(folder, (tree) => {
    kept = tree;
  });
  return kept;
}

function put(folder: string, files: Readonly<Record<string, string>>): string {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

test("a release's tree goes in, comes out, and verifies byte for byte", async () => {
  const clock = { wallMs: () => Date.UTC(2026, 0, 2), monotonicMs: () => 0, sleep: async () => {} };
  const releases = openReleaseStore({ folder: join(home, "releases"), slotCanWrite: true, clock });
  const facts = { version: "1.0.0", commit: "c".repeat(40), author: "Ada <ada@example.org>", at: "2026-01-01T00:00:00.000Z", changes: ["first"] };
  put(releases.treePath("one"), { "server.js": "x".repeat(300_000), "lib/a.js": "a", "bin/run": "#!/bin/sh\n" });
  chmodSync(join(releases.treePath("one"), "bin/run"), 0o755);
  symlinkSync("../server.js", join(releases.treePath("one"), "lib/link.js"));
  await releases.seal("one", { ...facts, updateType: "patch", previous: null, wayBack: null, settingsDigest: "sha256:s" });
  const before = renderTree(releases.treePath("one"));
  const tree = await keep(releases.treePath("one"));
  expect(await keep(releases.treePath("one"))).toBe(tree);
  await removeTree(releases.treePath("one"));
  expect(await releases.verify("one")).toMatchObject({ kind: "damaged" });
  await openTreeStore(openContentStore({ folder: join(home, "store") })).write(tree, releases.treePath("one"));
  expect(await releases.verify("one")).toEqual({ kind: "intact" });
  expect(renderTree(releases.treePath("one"))).toEqual(before);
});

test("a tree is not written over what is there", async () => {
  const trees = openTreeStore(store);
  const tree = await keep(put(join(home, "from"), { a: "1" }));
  put(join(home, "to"), { b: "2" });
  await expect(trees.write(tree, join(home, "to"))).rejects.toMatchObject({ code: "CONFLICT" });
  expect(readdirSync(join(home, "to"))).toEqual(["b"]);
  mkdirSync(join(home, "empty"), { mode: 0o777 });
  await trees.write(tree, join(home, "empty"));
  expect(renderTree(join(home, "empty"))).toEqual(renderTree(join(home, "from")));
});

test("one changed page of a large file is stored as its neighbourhood, and the file comes back", async () => {
  const path = join(put(join(home, "from"), {}), "database");
  mkdirSync(dirname(path));
  const text = Array.from({ length: 700_000 }, (_, number) => `row ${number * 7_919}\n`).join("");
  writeFileSync(path, text);
  const trees = openTreeStore(store);
  await keep(join(home, "from"));
  const before = store.readSizeBytes();
  const file = openSync(path, "r+");
  writeSync(file, "a page that changed", 5_000_000);
  closeSync(file);
  const tree = await keep(join(home, "from"));
  expect(store.readSizeBytes() - before).toBeLessThan(before / 2);
  await trees.write(tree, join(home, "to"));
  expect(readFileSync(join(home, "to", "database")).equals(readFileSync(path))).toBe(true);
});

test("what differs from a tree is named: bytes under an old time, modes, links, and what is missing or too many", async () => {
  const from = put(join(home, "from"), { same: "s", bytes: "b", mode: "m", gone: "g", size: "12", kind: "k", hard: "h" });
  linkSync(join(from, "hard"), join(from, "hard-too"));
  symlinkSync("here", join(from, "link"));
  const trees = openTreeStore(store);
  const tree = await keep(from);
  const to = join(home, "to");
  await trees.write(tree, to);
  expect(await compareTree(store, readTree(store, tree), to)).toEqual([]);
  execFileSync("touch", ["-r", join(to, "bytes"), join(home, "time")]);
  writeFileSync(join(to, "bytes"), "B");
  execFileSync("touch", ["-r", join(home, "time"), join(to, "bytes")]);
  chmodSync(join(to, "mode"), 0o777);
  for (const name of ["gone", "kind", "link", "hard-too"]) rmSync(join(to, name));
  mkdirSync(join(to, "kind"));
  symlinkSync("there", join(to, "link"));
  put(to, { size: "123", "hard-too": "h", added: "a" });
  expect((await compareTree(store, readTree(store, tree), to)).sort()).toEqual(["", "added", "bytes", "gone", "hard-too", "kind", "link", "mode", "size"]);
});

test("in place, any folder becomes any tree; equal files are not written, and called again nothing is", async () => {
  const name = fc.constantFrom("a", "b", "c d", "ü");
  const leaf = fc.record({
    kind: fc.constantFrom("file", "link", "hard"),
    text: fc.constantFrom("", "x", "y", "long ".repeat(50)),
    mode: fc.constantFrom(0o600, 0o755, 0o444),
  });
  const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
    tree: fc.uniqueArray(fc.tuple(name, fc.oneof({ maxDepth: 3 }, leaf as fc.Arbitrary<Leaf | Tree>, tie("tree"))), { maxLength: 4, selector: ([key]) => key }),
  }));
  let run = 0;
  await fc.assert(
    fc.asyncProperty(tree, tree, async (first, second) => {
      const [from, to] = [join(home, `from-${run}`), join(home, `to-${run++}`)];
      plant(from, first);
      plant(to, second);
      const kept = await keep(from);
      await bringTree(store, readTree(store, kept), to);
      expect(renderTree(to)).toEqual(renderTree(from));
      expect(await bringTree(store, readTree(store, kept), to)).toMatchObject({ written: 0, removed: 0 });
      expect(renderTree(to)).toEqual(renderTree(from));
    }),
    { numRuns: 40 },
  );
});

test("in place, a byte changed under an old time is seen, and a tree that is damaged changes nothing", async () => {
  const from = put(join(home, "from"), { a: "alpha", b: "beta" });
  const trees = openTreeStore(store);
  const tree = await keep(from);
  const entries = readTree(store, tree);
  const to = join(home, "to");
  await trees.write(tree, to);
  const { atime, mtime } = lstatSync(join(to, "a"));
  put(to, { a: "alphA", b: "other", c: "new" });
  utimesSync(join(to, "a"), atime, mtime);
  const present = renderTree(to);
  const packs = join(home, "store", "packs");
  const path =
    readdirSync(packs)
      .map((pack) => join(packs, pack))
      .find((pack) => readFileSync(pack).includes("beta")) ?? "";
  const whole = readFileSync(path);
  writeFileSync(path, Buffer.from(whole.toString("latin1").replace("beta", "BETA"), "latin1"));
  await expect(bringTree(openContentStore({ folder: join(home, "store") }), entries, to)).rejects.toMatchObject({ code: "DATA_DAMAGED" });
  expect(renderTree(to)).toEqual(present);
  writeFileSync(path, whole);
  expect(await bringTree(store, entries, to)).toMatchObject({ written: 2, removed: 1 });
  expect(renderTree(to)).toEqual(renderTree(from));
  expect(existsSync(join(to, "c"))).toBe(false);
});

interface Leaf {
  readonly kind: "file" | "link" | "hard";
  readonly text: string;
  readonly mode: number;
}
type Tree = [string, Leaf | Tree][];

function plant(folder: string, tree: Tree): void {
  mkdirSync(folder, { recursive: true });
  let lastFile: string | undefined;
  for (const [name, what] of tree) {
    const at = join(folder, name);
    if (Array.isArray(what)) plant(at, what);
    else if (what.kind === "link") symlinkSync(`x${what.text}`, at);
    else if (what.kind === "hard" && lastFile !== undefined) linkSync(lastFile, at);
    else {
      writeFileSync(at, what.text, { mode: what.mode });
      lastFile = at;
    }
  }
}
