import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createGitSource, type GitSource } from "./git-source.ts";
import { makeRepository, type TestRepository } from "./make-repository.testing.ts";

let folder: string;
let upstream: TestRepository;
let source: GitSource;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "instar-diffs-"));
  upstream = makeRepository(join(folder, "upstream"));
  source = createGitSource({ remote: upstream.folder, branch: "main", mirrorFolder: join(folder, "mirror"), path: process.env.PATH ?? "" });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function diffsOf(from: string | null, to: string): Promise<Record<string, string>> {
  await source.fetch(to);
  const files = await source.diff(from, to);
  return Object.fromEntries(
    await source.fileDiffs(
      from,
      to,
      files.filter(({ status }) => status !== "type-changed"),
    ),
  );
}

test("each file has its own hunks, also a moved one, one that became a program, and one whose name wants to be an option or a pattern", async () => {
  const before = upstream.commit("one", { "a.txt": "one\ntwo\n", "old name": "same\nold\nlong\nenough\n", tool: "x\n", "*": "star\n", "--stat": "dash\n" });
  const after = upstream.commit("two", {
    "a.txt": "one\n2\n",
    "old name": null,
    'n"e\tw': "same\nnew\nlong\nenough\n",
    tool: { run: "x\n" },
    "*": "STAR\n",
    "--stat": "DASH\n",
  });
  expect(await diffsOf(before, after)).toEqual({
    "a.txt": "@@ -1,2 +1,2 @@\n one\n-two\n+2\n",
    'n"e\tw': "@@ -1,4 +1,4 @@\n same\n-old\n+new\n long\n enough\n",
    tool: "",
    "*": "@@ -1 +1 @@\n-star\n+STAR\n",
    "--stat": "@@ -1 +1 @@\n-dash\n+DASH\n",
  });
});

test("lines that look like a diff's own heads stay lines of their file", async () => {
  const before = upstream.commit("one", { a: "-- a/x\n", b: "b\n" });
  const after = upstream.commit("two", { a: "diff --git a/b b/b\n@@ -1 +1 @@\n++ b/x\n", b: "c\n" });
  expect(await diffsOf(before, after)).toEqual({
    a: "@@ -1 +1,3 @@\n--- a/x\n+diff --git a/b b/b\n+@@ -1 +1 @@\n+++ b/x\n",
    b: "@@ -1 +1 @@\n-b\n+c\n",
  });
});

test("a line that only a pattern takes for several hides no file and belongs to no other", async () => {
  const before = upstream.commit("one", { a: "a\n", b: "b\n" });
  const after = upstream.commit("two", { a: "x\rdiff --git a/b b/b\n\u2028diff --git c\n\r@@ -1 +1 @@\n", b: "c\n", "c\u2028@@ d": "e\n" });
  expect(await diffsOf(before, after)).toEqual({
    a: "@@ -1 +1,3 @@\n-a\n+x\rdiff --git a/b b/b\n+\u2028diff --git c\n+\r@@ -1 +1 @@\n",
    b: "@@ -1 +1 @@\n-b\n+c\n",
    "c\u2028@@ d": "@@ -0,0 +1 @@\n+e\n",
  });
});

test("the first version is all new, and a repository's own settings run nothing", async () => {
  const first = upstream.commit("one", { ".gitattributes": "* diff=evil\n", a: "a\n" });
  expect(await diffsOf(null, first)).toEqual({ ".gitattributes": "@@ -0,0 +1 @@\n+* diff=evil\n", a: "@@ -0,0 +1 @@\n+a\n" });
});

test("lines too long to be read all together cost the others nothing", async () => {
  const before = upstream.commit("one", { small: "a\n", huge: "a", other: "a\n" });
  const after = upstream.commit("two", { small: "b\n", huge: "b".repeat(17 * 1_024 ** 2), other: "b\n" });
  expect(Object.keys(await diffsOf(before, after)).toSorted()).toEqual(["other", "small"]);
});
