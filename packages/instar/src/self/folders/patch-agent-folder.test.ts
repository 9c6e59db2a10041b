import { chmodSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AgentFolder } from "./agent-folder.ts";
import { ending, type FolderBench, openBench, WAYS } from "./folder-bench.testing.ts";

const change = (path: string, old: string, fresh: string) => `--- a/${path}\n+++ b/${path}\n@@ -1 +1 @@\n-${old}\n+${fresh}\n`;

describe.each(WAYS)("a patch of a folder that is reached by %s", (way) => {
  let bench: FolderBench;
  let folder: AgentFolder;
  beforeEach(() => {
    bench = openBench(way);
    folder = bench.open();
    bench.put("a", "one\n");
    bench.put("d/b", "two\n");
    bench.put("c", "three\n");
  });
  afterEach(() => bench.close());
  const at = (path: string) => join(bench.root, path);
  const contents = () =>
    Object.fromEntries(
      bench
        .paths()
        .filter((path) => statSync(at(path)).isFile())
        .map((path) => [path, bench.text(path)]),
    );
  const BEFORE = { a: "one\n", c: "three\n", "d/b": "two\n" };

  it("changes, makes, removes and renames files", async () => {
    chmodSync(at("d/b"), 0o755);
    const { changed } = await folder.patch(
      [
        change("a", "one", "1"),
        "--- /dev/null\n+++ b/new/er\n@@ -0,0 +1,2 @@\n+x\n+y\n\\ No newline at end of file\n",
        "diff --git a/c b/c\ndeleted file mode 100644\n--- a/c\n+++ /dev/null\n@@ -1 +0,0 @@\n-three\n",
        "diff --git a/d/b b/e/b\nrename from d/b\nrename to e/b\n--- a/d/b\n+++ b/e/b\n@@ -1 +1 @@\n-two\n+2\n",
      ].join(""),
    );
    expect(changed).toEqual(["a", "c", "d/b", "e/b", "new/er"]);
    expect(contents()).toEqual({ a: "1\n", "e/b": "2\n", "new/er": "x\ny" });
    expect(statSync(at("e/b")).mode & 0o777).toBe(0o755);
  });

  it("changes modes, empty files, and files with the ends of lines of Windows", async () => {
    bench.put("win", "one\r\ntwo\r\n");
    bench.put("binary", "\0");
    await folder.patch(
      "diff --git a/a b/a\nold mode 100644\nnew mode 100755\ndiff --git a/binary b/binary\nold mode 100644\nnew mode 100755\n" +
        "diff --git a/empty b/empty\nnew file mode 100755\nindex 000..000\ndiff --git a/win b/win\n--- a/win\n+++ b/win\n@@ -1,2 +1,2 @@\n-one\n+1\n two\n",
    );
    expect(contents()).toMatchObject({ a: "one\n", empty: "", win: "1\r\ntwo\r\n", binary: "\0" });
    for (const path of ["a", "binary", "empty"]) expect(statSync(at(path)).mode & 0o777).toBe(0o755);
    expect((await folder.patch("diff --git a/empty b/empty\ndeleted file mode 100755\nindex 0..0\n")).changed).toEqual(["empty"]);
    expect(bench.paths()).not.toContain("empty");
  });

  it.each([
    ["a hunk that does not fit", change("c", "four", "4"), /^CONFLICT: .*nothing was changed: a hunk does not fit "c"/],
    ["a file that is not there", change("none", "x", "y"), /^CONFLICT: .*there is no "none"/],
    ["a new file that is there", "--- /dev/null\n+++ b/c\n@@ -0,0 +1 @@\n+x\n", /^CONFLICT: .*"c" is there already/],
    ["a rename to what is there", "diff --git a/c b/d/b\nrename from c\nrename to d/b\n", /^CONFLICT: .*"d\/b" is there already/],
    ["a removal of less than the file", "--- a/c\n+++ /dev/null\n@@ -1,0 +0,0 @@\n", /^INPUT_INVALID/],
    ["a removal of another file", "--- a/c\n+++ /dev/null\n@@ -1 +0,0 @@\n-four\n", /^CONFLICT/],
    ["an empty file's removal where it is not", "diff --git a/c b/c\ndeleted file mode 100644\nindex 0..0\n", /^CONFLICT: .*more in it/],
    ["a folder", change("d", "x", "y"), /^INPUT_INVALID: "d" is a folder/],
    ["a path outside", change("../c", "x", "y"), /^FORBIDDEN/],
    ["no diff", "@@ -1,2 +1,2 @@\n-a\n", /^INPUT_INVALID: the patch is no unified diff/],
  ])("with %s changes nothing", async (_name, second, sentence) => {
    expect(await ending(folder.patch(change("a", "one", "1") + second))).toMatch(sentence);
    expect(contents()).toEqual(BEFORE);
  });

  it("of what is no text is refused", async () => {
    bench.put("binary", Buffer.from([0xff, 0x0a]));
    expect(await ending(folder.patch(change("binary", "x", "y")))).toMatch(/^CONFLICT: .*not UTF-8 text/);
  });

  const all = change("a", "one", "1") + change("d/b", "two", "2") + change("c", "three", "3");

  it("is put back where a file is changed on its way", async () => {
    const attacked = bench.open({ between: (moment, path) => (moment === "checked" && path === "d/b" ? writeFileSync(at("c"), "theirs\n") : undefined) });
    expect(await ending(attacked.patch(all))).toMatch(/^CONFLICT: "c" is not what you expect/);
    expect(contents()).toEqual({ ...BEFORE, c: "theirs\n" });
  });

  it("is put back with what it made, removed and renamed", async () => {
    const text =
      "--- /dev/null\n+++ b/new\n@@ -0,0 +1 @@\n+x\n" +
      "diff --git a/d/b b/e\nrename from d/b\nrename to e\n" +
      "--- a/a\n+++ /dev/null\n@@ -1 +0,0 @@\n-one\n--- a/c\n+++ /dev/null\n@@ -1 +0,0 @@\n-three\n";
    const attacked = bench.open({ between: (moment, path) => (moment === "checked" && path === "a" ? writeFileSync(at("c"), "theirs\n") : undefined) });
    expect(await ending(attacked.patch(text))).toMatch(/^CONFLICT: "c" is not what you expect/);
    expect(contents()).toEqual({ ...BEFORE, c: "theirs\n" });
  });

  it("says which files it could not put back", async () => {
    const attacked = bench.open({
      between: (moment, path) => {
        if (moment !== "checked" || path !== "d/b") return;
        rmSync(at("a"));
        mkdirSync(at("a/x"), { recursive: true });
        writeFileSync(at("c"), "theirs\n");
      },
    });
    const error: unknown = await attacked.patch(all).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "CONFLICT", message: expect.stringMatching(/"a" could not be put back/), facts: { changed: ["a"] } });
    expect(bench.text("d/b")).toBe("two\n");
  });

  it("leaves nothing written aside, however it ends", async () => {
    const failing = bench.open({
      between: (moment, path) => {
        if (moment === "checked" && path === "c") throw new Error("struck");
      },
    });
    await expect(failing.patch(all)).rejects.toThrow();
    expect(contents()).toEqual(BEFORE);
    await folder.patch(all);
    expect(readdirSync(bench.root).sort()).toEqual(["a", "c", "d"]);
  });
});
