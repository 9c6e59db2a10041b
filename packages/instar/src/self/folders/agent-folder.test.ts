import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, rmSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AgentFolder, openAgentFolder } from "./agent-folder.ts";
import { ending, type FolderBench, openBench, WAYS } from "./folder-bench.testing.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

describe.each(WAYS)("an agent's folder, reached by %s,", (way) => {
  let bench: FolderBench;
  let folder: AgentFolder;
  beforeEach(() => {
    bench = openBench(way);
    folder = bench.open();
  });
  afterEach(() => bench.close());

  it("is cleared of everything, git's own files too, and of nothing behind a link", async () => {
    for (const path of ["a.txt", "b/c/d.txt", ".git/config", "vendor/x/.git/hooks/pre-commit"]) bench.put(path, "1");
    symlinkSync(bench.outside, join(bench.root, "b", "out"));
    symlinkSync(join(bench.outside, "b"), join(bench.root, "link"));
    const before = bench.beyond();
    await folder.clear();
    expect([bench.paths(), bench.beyond()]).toEqual([[], before]);
    await folder.clear();
    await folder.write("a.txt", "2");
    expect(bench.paths()).toEqual(["a.txt"]);
  });

  describe("lists", () => {
    it("what is at its top, and below where that is asked for", async () => {
      bench.put("b/c.txt", "12");
      bench.put("a.txt", "1");
      bench.put(".git/config", "[core]");
      chmodSync(join(bench.root, "a.txt"), 0o755);
      symlinkSync("a.txt", join(bench.root, "link"));
      const top = await folder.list("", { limit: 10 });
      expect(top.isAll).toBe(true);
      expect(top.entries.map(({ path, kind }) => `${path} ${kind}`)).toEqual([".git folder", "a.txt file", "b folder", "link link"]);
      expect(top.entries[1]).toEqual({ path: "a.txt", kind: "file", sizeBytes: 1, mode: "755" });
      const all = await folder.list(".", { recursive: true, limit: 10 });
      expect(all.entries.map(({ path }) => path)).toEqual([".git", "a.txt", "b", "b/c.txt", "link"]);
      expect((await folder.list("b", { limit: 10 })).entries.map(({ path }) => path)).toEqual(["b/c.txt"]);
    });

    it("as much as it may, and says whether that is all", async () => {
      for (const name of ["a", "b", "c"]) bench.put(`${name}/x`, "");
      expect(await folder.list("", { limit: 3 })).toMatchObject({ isAll: true });
      const cut = await folder.list("", { recursive: true, limit: 3 });
      expect([cut.entries.map(({ path }) => path), cut.isAll]).toEqual([["a", "a/x", "b"], false]);
      expect(await folder.list("a", { limit: 1 })).toMatchObject({ isAll: true });
    });

    it("until it is told to stop", async () => {
      bench.put("a", "");
      const signal = AbortSignal.abort(new Error("enough"));
      await expect(folder.list("", { recursive: true, limit: 3, signal })).rejects.toThrow("enough");
      await expect(folder.search({ text: "a", limit: 3, maxFileBytes: 9, signal })).rejects.toThrow("enough");
    });
  });

  describe("reads", () => {
    it("a file whole, with its digest", async () => {
      bench.put("a.txt", "one\ntwo\n");
      expect(await folder.read("a.txt", { maxBytes: 100 })).toEqual({ text: "one\ntwo\n", sizeBytes: 8, isAll: true, digest: sha256("one\ntwo\n") });
      expect(await folder.read("a.txt", { maxBytes: 8 })).toMatchObject({ isAll: true });
      bench.put("empty", "");
      expect(await folder.read("empty", { maxBytes: 1 })).toEqual({ text: "", sizeBytes: 0, isAll: true, digest: sha256("") });
    });

    it.each([
      [{ maxBytes: 100, fromLine: 2, lines: 2 }, "two\nthree\n"],
      [{ maxBytes: 100, fromLine: 3 }, "three\nfour"],
      [{ maxBytes: 100, fromLine: 9 }, ""],
      [{ maxBytes: 100, lines: 1 }, "one\n"],
      [{ maxBytes: 6, fromLine: 2 }, "two\nth"],
      [{ maxBytes: 2, fromLine: 2, lines: 1 }, "tw"],
    ])("some lines of it: %j", async (question, text) => {
      bench.put("a.txt", "one\ntwo\nthree\nfour");
      expect(await folder.read("a.txt", question)).toEqual({ text, sizeBytes: 18, isAll: false, digest: sha256("one\ntwo\nthree\nfour") });
    });

    it("lines that are longer than what is read at once", async () => {
      const lines = ["a".repeat(100_000), "b".repeat(70_000), "c"];
      bench.put("long", lines.join("\n"));
      expect((await folder.read("long", { maxBytes: 1_000_000, fromLine: 2 })).text).toBe(`${lines[1]}\nc`);
      expect((await folder.read("long", { maxBytes: 1_000_000, fromLine: 2, lines: 1 })).text).toBe(`${lines[1]}\n`);
      expect((await folder.read("long", { maxBytes: 1_000_000 })).text).toBe(lines.join("\n"));
    });

    it("no half letters, keeps a byte order mark, and gives null for what is no text", async () => {
      bench.put("a", "aüü");
      expect(await folder.read("a", { maxBytes: 4 })).toMatchObject({ text: "aü", isAll: false });
      bench.put("bom", "\ufeffx");
      expect((await folder.read("bom", { maxBytes: 9 })).text).toBe("\ufeffx");
      bench.put("nul", "a\0b");
      bench.put("latin", Buffer.from([0xe4, 0x20]));
      bench.put("half", Buffer.from([0x61, 0xc3]));
      for (const path of ["nul", "latin", "half"]) expect(await folder.read(path, { maxBytes: 9 })).toMatchObject({ text: null, isAll: true });
    });
  });

  describe("searches", () => {
    it("lines by a plain text", async () => {
      bench.put("a.ts", "x\nlet a.b = 1;\r\nlet aXb\n");
      bench.put("b/c.ts", "A.B");
      bench.put("b/binary", "a.b\0");
      const question = { text: "a.b", limit: 10, maxFileBytes: 1_000 };
      expect(await folder.search(question)).toEqual({ matches: [{ path: "a.ts", line: 2, text: "let a.b = 1;" }], isAll: true });
      const either = await folder.search({ ...question, caseSensitive: false });
      expect(either.matches.map(({ path, line }) => `${path}:${line}`)).toEqual(["a.ts:2", "b/c.ts:1"]);
      expect((await folder.search({ ...question, caseSensitive: false, path: "b" })).matches).toHaveLength(1);
      expect((await folder.search({ ...question, path: "a.ts" })).matches).toHaveLength(1);
      expect(await folder.search({ ...question, text: "(a+)+$" })).toEqual({ matches: [], isAll: true });
      expect(await ending(folder.search({ ...question, path: "b/none" }))).toMatch(/^NOT_FOUND/);
    });

    it("as far as it may, and says whether that is all", async () => {
      bench.put("a", "x\nx\nx\n");
      bench.put("b", "x");
      bench.put("large", `x${"-".repeat(50)}`);
      const search = (limit: number) => folder.search({ text: "x", limit, maxFileBytes: 20 });
      expect(await search(2)).toMatchObject({ matches: [{ line: 1 }, { line: 2 }], isAll: false });
      expect(await search(3)).toMatchObject({ matches: { length: 3 }, isAll: false });
      expect(await search(9)).toMatchObject({ matches: { length: 4 }, isAll: false });
      rmSync(join(bench.root, "large"));
      expect(await search(4)).toMatchObject({ matches: { length: 4 }, isAll: true });
    });

    it("and shows 300 letters around what it found", async () => {
      bench.put("a", `${"-".repeat(5_000)}needle${"-".repeat(5_000)}`);
      const text = (await folder.search({ text: "needle", limit: 1, maxFileBytes: 20_000 })).matches[0]?.text ?? "";
      expect([text.length, text.includes("needle")]).toEqual([300, true]);
    });
  });

  describe("writes", () => {
    it("a new file with its parents, and one that is there", async () => {
      expect(await folder.write("a/b/c.txt", "one")).toEqual({ digest: sha256("one"), created: true });
      expect(await folder.write("a/b/c.txt", Buffer.from("two"))).toEqual({ digest: sha256("two"), created: false });
      expect(bench.text("a/b/c.txt")).toBe("two");
      expect(bench.paths()).toEqual(["a", "a/b", "a/b/c.txt"]);
    });

    it("modes of 644 and 755, whatever the umask is, and keeps the one that was there", async () => {
      const modeOf = (path: string) => (statSync(join(bench.root, path)).mode & 0o7777).toString(8);
      const umask = process.umask(0o077);
      try {
        await folder.write("plain", "");
        await folder.write("run", "", { mode: "755" });
        expect([modeOf("plain"), modeOf("run")]).toEqual(["644", "755"]);
        chmodSync(join(bench.root, "run"), 0o6711);
        await folder.write("run", "again");
        expect(modeOf("run")).toBe("755");
        await folder.write("run", "again", { mode: "644" });
        expect(modeOf("run")).toBe("644");
      } finally {
        process.umask(umask);
      }
    });

    it("only where it is what was expected", async () => {
      bench.put("a", "one");
      expect(await ending(folder.write("a", "x", { expects: null }))).toMatch(/^CONFLICT: "a" is there already/);
      expect(await ending(folder.write("a", "x", { expects: sha256("two") }))).toMatch(/^CONFLICT: "a" is not what you expect/);
      expect(await ending(folder.write("b", "x", { expects: sha256("one") }))).toMatch(/^CONFLICT: "b" is not there any more/);
      expect([bench.text("a"), bench.paths()]).toEqual(["one", ["a"]]);
      await folder.write("a", "two", { expects: sha256("one") });
      expect(await folder.write("b/c", "new", { expects: null })).toMatchObject({ created: true });
      expect([bench.text("a"), bench.text("b/c")]).toEqual(["two", "new"]);
    });

    it("one after the other: of two that expect the same, one is told", async () => {
      bench.put("a", "one");
      const both = await Promise.all(["x", "y"].map((text) => ending(folder.write("a", text, { expects: sha256("one") }))));
      expect([both[0], both[1]?.slice(0, 8), bench.text("a")]).toEqual(["done", "CONFLICT", "x"]);
    });

    it("and an error does not stop the next", async () => {
      const [first, second] = await Promise.all([ending(folder.write("../a", "")), ending(folder.write("a", ""))]);
      expect([first.slice(0, 9), second]).toEqual(["FORBIDDEN", "done"]);
    });
  });

  describe("moves and removes", () => {
    it("files, links and whole folders", async () => {
      bench.put("a/b/c", "1");
      symlinkSync(bench.outside, join(bench.root, "a", "link"));
      await folder.move("a", "x/y");
      expect(bench.paths()).toEqual(["x", "x/y", "x/y/b", "x/y/b/c", "x/y/link"]);
      await folder.move("x/y/link", "link");
      await folder.move("x/y/b/c", "c");
      await folder.remove("link");
      await folder.remove("x");
      expect(bench.paths()).toEqual(["c"]);
      await folder.remove("c");
      expect(bench.paths()).toEqual([]);
    });

    it("a folder of many names", async () => {
      for (let each = 0; each < 300; each += 1) bench.put(`many/${each % 7}/${each}`, "");
      await folder.remove("many");
      expect(bench.paths()).toEqual([]);
    });

    it.each([
      ["a", "b", /^CONFLICT: "b" is there already/],
      ["none", "x", /^NOT_FOUND/],
      ["a", "a", /^INPUT_INVALID.*to where it is/],
      ["d", "d/e/f", /^INPUT_INVALID.*into itself/],
      ["a", "b/x", /^INPUT_INVALID: "b" is no folder/],
      ["", "x", /^INPUT_INVALID: the folder's top/],
      ["a", ".", /^INPUT_INVALID: the folder's top/],
    ])("%j to %j is refused", async (from, to, sentence) => {
      bench.put("a", "1");
      bench.put("b", "2");
      bench.put("d/x", "3");
      expect(await ending(folder.move(from, to))).toMatch(sentence);
      expect([bench.text("a"), bench.text("b"), bench.text("d/x")]).toEqual(["1", "2", "3"]);
    });

    it("nothing that is not there, nor its own top", async () => {
      expect(await ending(folder.remove("none"))).toMatch(/^NOT_FOUND/);
      expect(await ending(folder.remove("none/x"))).toMatch(/^NOT_FOUND/);
      expect(await ending(folder.remove("./"))).toMatch(/^INPUT_INVALID/);
      expect(statSync(bench.root).isDirectory()).toBe(true);
    });
  });

  it("need not be there before the first call", async () => {
    rmSync(bench.root, { recursive: true });
    expect(await ending(folder.read("a", { maxBytes: 1 }))).toMatch(/^NOT_FOUND: there is no folder/);
    expect(await ending(folder.write("a", ""))).toMatch(/^NOT_FOUND: there is no folder/);
    expect(await ending(folder.list("", { limit: 1 }))).toMatch(/^NOT_FOUND: there is no folder/);
    mkdirSync(bench.root);
    expect(await ending(folder.write("a", ""))).toBe("done");
  });

  describe("bad input:", () => {
    const cases: readonly (readonly [string, (folder: AgentFolder) => Promise<unknown>])[] = [
      ["a limit of none", (each) => each.list("", { limit: 0 })],
      ["a limit that is no number", (each) => each.list("", { limit: Number.NaN })],
      ["a limit above all bounds", (each) => each.list("", { limit: 10_001 })],
      ["half a byte", (each) => each.read("a", { maxBytes: 1.5 })],
      ["more bytes than a call may ask for", (each) => each.read("a", { maxBytes: 2 ** 31 })],
      ["a line before the first", (each) => each.read("a", { maxBytes: 1, fromLine: 0 })],
      ["lines below none", (each) => each.read("a", { maxBytes: 1, lines: -1 })],
      ["a folder read as a file", (each) => each.read("d", { maxBytes: 1 })],
      ["the top read as a file", (each) => each.read("", { maxBytes: 1 })],
      ["a file listed as a folder", (each) => each.list("a", { limit: 1 })],
      ["a path through a file", (each) => each.read("a/b", { maxBytes: 1 })],
      ["a write below a file", (each) => each.write("a/b", "")],
      ["a write over a folder", (each) => each.write("d", "")],
      ["a write to the top", (each) => each.write(".", "")],
      ["a file of 9 MiB", (each) => each.write("x", Buffer.alloc(9 * 1_024 * 1_024))],
      ["half a letter", (each) => each.write("x", "a\ud800")],
      ["an empty text to search", (each) => each.search({ text: "", limit: 1, maxFileBytes: 1 })],
      ["two lines to search", (each) => each.search({ text: "a\nb", limit: 1, maxFileBytes: 1 })],
      ["a search for 201 letters", (each) => each.search({ text: "a".repeat(201), limit: 1, maxFileBytes: 1 })],
      ["a search in files of any size", (each) => each.search({ text: "a", limit: 1, maxFileBytes: Number.POSITIVE_INFINITY })],
      ["a name of 256 bytes", (each) => each.write("x".repeat(256), "")],
    ];
    it.each(cases)("%s", async (_name, act) => {
      bench.put("a", "1");
      bench.put("d/x", "2");
      expect(await ending(act(folder))).toMatch(/^INPUT_INVALID: /);
      expect(bench.paths()).toEqual(["a", "d", "d/x"]);
    });

    it("a root that is not absolute", () => expect(() => openAgentFolder({ root: "code-repo" })).toThrow(/must be an absolute path/));
  });
});
