import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, linkSync, lstatSync, mkdirSync, readdirSync, statSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { describeTinyDisk } from "../../platform/tiny-disk.testing.ts";
import type { AgentFolder } from "./agent-folder.ts";
import { ending, type FolderBench, openBench, SECRET, UNTOUCHED, WAYS } from "./folder-bench.testing.ts";

const isRoot = process.geteuid?.() === 0;
const isPosix = process.platform !== "win32";

describe.runIf(isPosix).each(WAYS)("an attack on a folder that is reached by %s:", (way) => {
  let bench: FolderBench;
  let folder: AgentFolder;
  beforeEach(() => {
    bench = openBench(way);
    folder = bench.open();
  });
  afterEach(() => {
    const beyond = bench.beyond();
    bench.close();
    expect(beyond).toEqual(UNTOUCHED);
  });
  const at = (path: string) => join(bench.root, path);
  const read = (path: string) => ending(folder.read(path, { maxBytes: 100 }));
  const search = () => folder.search({ text: "s3cr3t", limit: 10, maxFileBytes: 1_000 });

  describe("a symbolic link", () => {
    it("to a token file is not read", async () => {
      symlinkSync(join(bench.outside, "token"), at("notes.txt"));
      expect(await read("notes.txt")).toMatch(/^FORBIDDEN: "notes.txt" is a symbolic link/);
      expect(await search()).toEqual({ matches: [], isAll: true });
      expect(await ending(folder.search({ text: "s", path: "notes.txt", limit: 1, maxFileBytes: 99 }))).toMatch(/^FORBIDDEN/);
    });

    it("to a folder is not gone through, whatever is wanted behind it", async () => {
      symlinkSync(bench.outside, at("out"));
      bench.put("mine", "1");
      const calls = [
        folder.read("out/token", { maxBytes: 100 }),
        folder.list("out", { limit: 9 }),
        folder.list("out/b", { limit: 9 }),
        folder.search({ text: "s3cr3t", path: "out", limit: 9, maxFileBytes: 99 }),
        folder.write("out/new", "x"),
        folder.write("out/new/er", "x"),
        folder.write("out/token", "x"),
        folder.remove("out/token"),
        folder.remove("out/b"),
        folder.move("out/token", "token"),
        folder.move("mine", "out/mine"),
        folder.patch("--- a/out/token\n+++ b/out/token\n@@ -1 +1 @@\n-token: s3cr3t\n+x\n"),
        folder.patch("--- /dev/null\n+++ b/out/new\n@@ -0,0 +1 @@\n+x\n"),
      ];
      for (const end of await Promise.all(calls.map(ending))) expect(end).toMatch(/^FORBIDDEN: .*link/);
      expect((await folder.list("", { recursive: true, limit: 9 })).entries.map(({ path, kind }) => [path, kind])).toEqual([
        ["mine", "file"],
        ["out", "link"],
      ]);
      expect(await search()).toEqual({ matches: [], isAll: true });
    });

    it("is replaced by a write, and not written through", async () => {
      symlinkSync(join(bench.outside, "token"), at("a"));
      symlinkSync(join(bench.outside, "none"), at("b"));
      expect(await ending(folder.write("a", "mine", { expects: null }))).toMatch(/^CONFLICT/);
      for (const path of ["a", "b"]) {
        await folder.write(path, "mine");
        expect([lstatSync(at(path)).isFile(), bench.text(path)]).toEqual([true, "mine"]);
      }
    });

    it("is moved and removed itself", async () => {
      symlinkSync(join(bench.outside, "b"), at("a"));
      await folder.move("a", "moved");
      await folder.remove("moved");
      symlinkSync(join(bench.outside, "b"), at("link"));
      mkdirSync(at("d"));
      symlinkSync(bench.outside, at("d/out"));
      await folder.remove("d");
      expect(bench.paths()).toEqual(["link"]);
    });

    it("in place of the folder's top is refused", async () => {
      symlinkSync(bench.outside, join(bench.place, "linked"));
      const linked = bench.open({ root: join(bench.place, "linked") } as object);
      expect(await ending(linked.read("token", { maxBytes: 99 }))).toMatch(/^FORBIDDEN/);
      expect(await ending(linked.write("new", "x"))).toMatch(/^FORBIDDEN/);
    });

    it("that leads to itself makes nobody run in circles", async () => {
      symlinkSync("loop", at("loop"));
      symlinkSync(".", at("here"));
      expect(await read("loop")).toMatch(/^FORBIDDEN/);
      expect(await read("here/here/loop")).toMatch(/^FORBIDDEN/);
      expect((await folder.list("", { recursive: true, limit: 99 })).entries).toHaveLength(2);
    });
  });

  describe("a hard link", () => {
    it("to a token file is neither read nor found", async () => {
      linkSync(join(bench.outside, "token"), at("notes.txt"));
      expect(await read("notes.txt")).toMatch(/^FORBIDDEN: "notes.txt" is a hard link/);
      expect(await search()).toEqual({ matches: [], isAll: false });
      expect(await ending(folder.write("notes.txt", "x", { expects: "0".repeat(64) }))).toMatch(/^FORBIDDEN/);
      expect(await ending(folder.patch("--- a/notes.txt\n+++ b/notes.txt\n@@ -1 +1 @@\n-token: s3cr3t\n+x\n"))).toMatch(/^FORBIDDEN/);
    });

    it("is replaced by a write, and not written through", async () => {
      linkSync(join(bench.outside, "token"), at("a"));
      await folder.write("a", "mine");
      expect([bench.text("a"), statSync(at("a")).nlink]).toEqual(["mine", 1]);
    });

    it("is removed itself", async () => {
      linkSync(join(bench.outside, "token"), at("a"));
      await folder.remove("a");
      expect(bench.paths()).toEqual([]);
    });
  });

  describe("git's own files:", () => {
    it.each([".git", ".git/config", ".GIT/hooks/post-commit", "sub/.git/config", ".git/../.git/config", "./.git//hooks/x"])("%s", async (path) => {
      bench.put(".git/config", SECRET);
      bench.put("sub/.git/config", SECRET);
      bench.put("mine", "1");
      const before = bench.paths();
      const calls = [
        folder.read(path, { maxBytes: 99 }),
        folder.list(path, { limit: 9 }),
        folder.search({ text: "s", path, limit: 9, maxFileBytes: 99 }),
        folder.write(path, "x"),
        folder.remove(path),
        folder.move(path, "x"),
        folder.move("mine", path),
        folder.patch(`--- /dev/null\n+++ b/${path}\n@@ -0,0 +1 @@\n+x\n`),
      ];
      for (const end of await Promise.all(calls.map(ending))) expect(end).toMatch(/^FORBIDDEN: /);
      expect(await search()).toEqual({ matches: [], isAll: true });
      expect(bench.paths()).toEqual(before);
    });

    it(".git as a file of a worktree", async () => {
      bench.put("sub/.git", `gitdir: ${bench.outside}`);
      expect(await read("sub/.git")).toMatch(/^FORBIDDEN/);
      expect(await ending(folder.write("sub/.git", "gitdir: /"))).toMatch(/^FORBIDDEN/);
      expect(await ending(folder.remove("sub"))).toMatch(/^FORBIDDEN: "sub\/.git" is git's own/);
    });

    it("a folder around them is neither moved nor removed, and stays whole", async () => {
      bench.put("sub/a", "1");
      bench.put("sub/deep/.GIT/config", "2");
      bench.put("sub/z", "3");
      const before = bench.paths();
      expect(await ending(folder.remove("sub"))).toMatch(/^FORBIDDEN: "sub\/deep\/.GIT" is git's own/);
      expect(await ending(folder.move("sub", "other"))).toMatch(/^FORBIDDEN/);
      expect(bench.paths()).toEqual(before);
    });
  });

  describe("what is no file", () => {
    const expectNoFile = async (path: string) => {
      expect(await read(path)).toMatch(/^FORBIDDEN: .* is no file but a pipe, a socket or a device/);
      expect(await ending(folder.write(path, "x"))).toMatch(/^FORBIDDEN/);
      expect(await search()).toEqual({ matches: [], isAll: true });
      expect((await folder.list("", { limit: 9 })).entries).toMatchObject([{ path, kind: "other" }]);
      await folder.move(path, "moved");
      await folder.remove("moved");
      expect(bench.paths()).toEqual([]);
    };

    it("a pipe that nobody writes to makes nobody wait", async () => {
      execFileSync("mkfifo", [at("pipe")]);
      await expectNoFile("pipe");
    });

    it("a socket", async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(at("socket"), resolve));
      try {
        expect(await read("socket")).toMatch(/^FORBIDDEN/);
        await expectNoFile("socket");
      } finally {
        await new Promise((resolve) => server.close(resolve));
      }
    });

    it.runIf(isRoot && process.platform === "linux")("a device", async () => {
      execFileSync("mknod", [at("zero"), "c", "1", "5"]);
      await expectNoFile("zero");
    });
  });

  describe("what is too much:", () => {
    it("a sparse file of a terabyte", async () => {
      writeFileSync(at("giant"), "x\n");
      truncateSync(at("giant"), 2 ** 40);
      const { text, isAll, digest, sizeBytes } = await folder.read("giant", { maxBytes: 10 });
      expect({ text, isAll, digest, sizeBytes }).toEqual({ text: null, isAll: false, digest: null, sizeBytes: 2 ** 40 });
      expect(await folder.read("giant", { maxBytes: 10, lines: 1 })).toMatchObject({ text: "x\n", isAll: false, digest: null });
      expect(await search()).toEqual({ matches: [], isAll: false });
      expect(await ending(folder.write("giant", "x", { expects: "0".repeat(64) }))).toMatch(/^FORBIDDEN: "giant" is larger/);
      expect(await ending(folder.write("small", "x"))).toBe("done");
      expect(await ending(folder.write("giant", "x"))).toBe("done");
    });

    it("a file that grows while it is read", async () => {
      bench.put("log", "first\n");
      const growing = bench.open({ between: (moment) => (moment === "looked" ? truncateSync(at("log"), 2 ** 36) : undefined) });
      expect(await growing.read("log", { maxBytes: 100, lines: 1 })).toMatchObject({ text: "first\n", isAll: false, digest: null });
      bench.put("log", "first\n");
      expect(await growing.search({ text: "none", limit: 1, maxFileBytes: 1_000 })).toEqual({ matches: [], isAll: false });
    });

    it("folders a hundred deep", async () => {
      let deep = "";
      for (let depth = 0; depth < 100; depth += 1) {
        deep = join(deep, "d");
        mkdirSync(at(deep));
      }
      const { entries, isAll } = await folder.list("", { recursive: true, limit: 1_000 });
      expect([entries.length, isAll]).toEqual([65, false]);
      expect(await ending(folder.remove("d"))).toMatch(/^FORBIDDEN: .* too deep/);
      expect(await ending(folder.move("d", "e"))).toMatch(/^FORBIDDEN: .* too deep/);
      expect(existsSync(at(deep))).toBe(true);
    });

    it.runIf(way === WAYS[0])("more names in one folder than are looked at", async () => {
      mkdirSync(at("many"));
      for (let each = 0; each < 20_050; each += 1) writeFileSync(at(`many/${each}`), "");
      expect(await folder.list("many", { limit: 10_000 })).toMatchObject({ entries: { length: 10_000 }, isAll: false });
      expect(await folder.search({ text: "x", limit: 1, maxFileBytes: 1 })).toEqual({ matches: [], isAll: false });
      await folder.remove("many");
      expect(bench.paths()).toEqual([]);
    });
  });

  it.runIf(process.platform === "linux")("calls that are refused or left early leave no descriptor open", async () => {
    bench.put("d/e/f", "x\nx\n");
    symlinkSync(bench.outside, at("out"));
    const count = () => readdirSync("/proc/self/fd").length;
    const before = count();
    for (let each = 0; each < 50; each += 1) {
      await folder.list("", { recursive: true, limit: 1 });
      await folder.search({ text: "x", limit: 1, maxFileBytes: 1 });
      for (const path of ["out/token", "d/none", "d/e", "d/e/f/g"]) await ending(folder.read(path, { maxBytes: 1 }));
      await ending(folder.write("d/e/f", "x", { expects: null }));
      await ending(folder.write("d/e", "x"));
      await ending(folder.patch("--- a/d/e/f\n+++ b/d/e/f\n@@ -1 +1 @@\n-y\n+z\n"));
      await ending(folder.move("d", "out/d"));
    }
    expect(count()).toBeLessThan(before + 50);
  });

  describe.runIf(process.platform === "linux")("a name that is not UTF-8", () => {
    const raw = (name: string) => Buffer.concat([Buffer.from(`${bench.root}/`), Buffer.from(name, "latin1")]);
    it("is listed as nothing that a path leads to, and is removed with its folder", async () => {
      mkdirSync(at("d"));
      writeFileSync(raw("d/\xff\xfe"), "1");
      mkdirSync(raw("d/\xe4"));
      writeFileSync(raw("d/\xe4/x"), "2");
      const { entries } = await folder.list("d", { limit: 9 });
      expect(entries.map(({ path, kind }) => [path, kind])).toEqual([
        ["d/\ufffd", "other"],
        ["d/\ufffd\ufffd", "other"],
      ]);
      expect(await read("d/\ufffd\ufffd")).toMatch(/^NOT_FOUND/);
      await folder.remove("d");
      expect(bench.paths()).toEqual([]);
    });
  });

  describe.runIf(isRoot)("where the agent is another user than the daemon,", () => {
    const agent = 54_321;
    beforeEach(() => chownSync(bench.root, agent, agent));

    it("what the daemon writes belongs to the agent", async () => {
      await folder.write("a/b", "1");
      await folder.write("a/b", "2");
      await folder.patch("--- /dev/null\n+++ b/p/q\n@@ -0,0 +1 @@\n+x\n");
      for (const path of ["a", "a/b", "p", "p/q"]) expect([path, statSync(at(path)).uid, statSync(at(path)).gid]).toEqual([path, agent, agent]);
    });

    it("a file that only the daemon can read is not read for it", async () => {
      bench.put("left-by-root", SECRET);
      chmodSync(at("left-by-root"), 0o600);
      expect(await read("left-by-root")).toMatch(/^FORBIDDEN: .* belongs to another user/);
      expect(await search()).toEqual({ matches: [], isAll: false });
      chmodSync(at("left-by-root"), 0o644);
      expect(await read("left-by-root")).toBe("done");
      chmodSync(at("left-by-root"), 0o600);
      chownSync(at("left-by-root"), agent, agent);
      expect(await read("left-by-root")).toBe("done");
    });
  });

  describe.runIf(describeTinyDisk() === undefined)("a file system that is mounted in it", () => {
    it("is not entered, and what is around it is not removed", async () => {
      mkdirSync(at("d/mnt"), { recursive: true });
      bench.put("d/a", "1");
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", at("d/mnt")]);
      try {
        writeFileSync(at("d/mnt/token"), SECRET);
        expect(await read("d/mnt/token")).toMatch(/^FORBIDDEN: "d\/mnt" is another file system/);
        expect(await ending(folder.write("d/mnt/x", ""))).toMatch(/^FORBIDDEN/);
        expect(await ending(folder.remove("d"))).toMatch(/^FORBIDDEN: "d\/mnt" cannot be looked into/);
        expect(await ending(folder.remove("d/mnt"))).toMatch(/^FORBIDDEN/);
        expect(await search()).toEqual({ matches: [], isAll: false });
        expect(bench.paths()).toEqual(["d", "d/a", "d/mnt", "d/mnt/token"]);
      } finally {
        execFileSync("umount", [at("d/mnt")]);
      }
    });
  });
});
