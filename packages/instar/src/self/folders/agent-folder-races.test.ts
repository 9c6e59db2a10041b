import { spawn } from "node:child_process";
import { once } from "node:events";
import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ending, type FolderBench, openBench, SECRET, UNTOUCHED, WAYS } from "./folder-bench.testing.ts";
import type { FolderMoment } from "./folder-room.ts";

describe.runIf(process.platform !== "win32").each(WAYS)("while a folder is reached by %s,", (way) => {
  let bench: FolderBench;
  beforeEach(() => {
    bench = openBench(way);
  });
  afterEach(() => {
    const beyond = bench.beyond();
    bench.close();
    expect(beyond).toEqual(UNTOUCHED);
  });
  const at = (path: string) => join(bench.root, path);

  /** A folder whose agent acts once, at one moment of a call, where that comes for the `time`-th time. */
  const attackedAt = (moment: FolderMoment, path: string, attack: () => void, time = 1) => {
    let seen = 0;
    let acted = 0;
    const folder = bench.open({
      between: (now, about) => {
        if (now !== moment || about !== path) return;
        seen += 1;
        if (seen !== time) return;
        acted += 1;
        attack();
      },
    });
    return { folder, acted: () => acted };
  };
  const replaceFolder = (path: string) => () => {
    renameSync(at(path), at("aside"));
    symlinkSync(bench.outside, at(path));
  };
  /** By descriptors the call goes on in the folder that it held; by paths it sees the change and stops. */
  const expected = (done: RegExp) => (way === "descriptors" ? done : /^(CONFLICT|FORBIDDEN): /);

  describe("a folder on the way is replaced by a link, and", () => {
    it("a read gives nothing from outside", async () => {
      bench.put("a/b/token", "mine");
      const { folder, acted } = attackedAt("held", "a", replaceFolder("a"));
      const read = folder.read("a/b/token", { maxBytes: 99 });
      expect(await ending(read)).toMatch(expected(/^done/));
      if (way === "descriptors") expect((await read).text).toBe("mine");
      expect(acted()).toBe(1);
    });

    it("a read of a file that was looked at gives that one", async () => {
      bench.put("b/token", "mine");
      const { folder, acted } = attackedAt("looked", "b/token", replaceFolder("b"));
      const read = folder.read("b/token", { maxBytes: 99 });
      expect(await ending(read)).toMatch(expected(/^done/));
      if (way === "descriptors") expect((await read).text).toBe("mine");
      expect(acted()).toBe(1);
    });

    // A write goes that way twice: it looks first, and then puts the file there.
    it.each([1, 2])("a write does not leave the folder (%i)", async (time) => {
      bench.put("a/b/x", "");
      const { folder, acted } = attackedAt("held", "a", replaceFolder("a"), time);
      expect(await ending(folder.write("a/b/new", "mine"))).toMatch(expected(/^(done|CONFLICT|FORBIDDEN)/));
      expect(acted()).toBe(1);
    });

    it.each([1, 2])("a write that makes its parents does not leave the folder (%i)", async (time) => {
      bench.put("a/x", "");
      const { folder, acted } = attackedAt("held", "a", replaceFolder("a"), time);
      expect(await ending(folder.write("a/new/er/file", "mine"))).toMatch(expected(/^(done|CONFLICT|FORBIDDEN)/));
      expect(acted()).toBe(1);
    });

    it("a write that is about to be put in place does not leave the folder", async () => {
      bench.put("b/token", "mine");
      const { folder, acted } = attackedAt("staged", "b/token", replaceFolder("b"));
      expect(await ending(folder.write("b/token", "new"))).toMatch(expected(/^done/));
      expect(acted()).toBe(1);
      if (way === "descriptors") expect(bench.text("aside/token")).toBe("new");
      expect(readdirSync(bench.root).filter((name) => name.endsWith(".tmp"))).toEqual([]);
    });

    it.runIf(way === "paths")("a read that was about to look at its file gives nothing", async () => {
      bench.put("b/token", "mine");
      const { folder, acted } = attackedAt("looking", "b/token", replaceFolder("b"));
      expect(await ending(folder.read("b/token", { maxBytes: 99 }))).toMatch(/^CONFLICT/);
      expect(acted()).toBe(1);
    });

    it.each(["entered", "named"] as const)("a list names nothing from outside, nor its size (%s)", async (moment) => {
      bench.put("b/mine", "1");
      bench.put("b/token", "12");
      const { folder, acted } = attackedAt(moment, "b", replaceFolder("b"));
      const list = folder.list("b", { limit: 9 });
      expect(await ending(list)).toMatch(expected(/^done/));
      if (way === "descriptors")
        expect((await list).entries.map(({ path, sizeBytes }) => [path, sizeBytes])).toEqual([
          ["b/mine", 1],
          ["b/token", 2],
        ]);
      expect(acted()).toBe(1);
    });

    it.each(["b", "b/empty"])("a removal of %s takes no empty folder outside", async (path) => {
      mkdirSync(join(bench.outside, "empty"));
      try {
        bench.put("b/empty/x", "mine");
        const { folder, acted } = attackedAt("emptied", "b/empty", replaceFolder("b"));
        await ending(folder.remove(path));
        expect(acted()).toBe(1);
        expect(readdirSync(bench.outside)).toContain("empty");
      } finally {
        rmSync(join(bench.outside, "empty"), { recursive: true, force: true });
      }
    });

    it("a removal takes no file outside of the same name", async () => {
      bench.put("d/token", "mine");
      const { folder, acted } = attackedAt("looked", "d/token", replaceFolder("d"));
      expect(await ending(folder.remove("d"))).toMatch(/^(CONFLICT|INPUT_INVALID)/);
      expect(acted()).toBe(1);
    });

    it("a removal of a folder stays in it", async () => {
      bench.put("b/token", "mine");
      bench.put("b/b/token", "mine");
      const { folder, acted } = attackedAt("checked", "b", replaceFolder("b"));
      expect(await ending(folder.remove("b"))).toMatch(expected(/^(done|CONFLICT|INPUT_INVALID)/));
      expect(acted()).toBe(1);
    });

    it("a removal in the midst of it stays in it", async () => {
      bench.put("d/b/token", "mine");
      const { folder, acted } = attackedAt("looked", "d/b", replaceFolder("d/b"));
      expect(await ending(folder.remove("d"))).toMatch(/^(CONFLICT|FORBIDDEN|INPUT_INVALID): /);
      expect(acted()).toBe(1);
      expect(lstatSync(at("d/b")).isSymbolicLink()).toBe(true);
    });

    it("a move brings nothing in and nothing out", async () => {
      bench.put("b/token", "mine");
      const { folder, acted } = attackedAt("checked", "stolen", replaceFolder("b"));
      expect(await ending(folder.move("b/token", "stolen"))).toMatch(expected(/^done/));
      expect(acted()).toBe(1);
      if (way === "descriptors") expect(bench.text("stolen")).toBe("mine");
      rmSync(at("b"));
      rmSync(at("aside"), { recursive: true });
      bench.put("gift", "mine");
      bench.put("b/x", "");
      const out = attackedAt("checked", "b/gift", replaceFolder("b"));
      expect(await ending(out.folder.move("gift", "b/gift"))).toMatch(expected(/^done/));
      expect(out.acted()).toBe(1);
    });

    it("a patch does not leave the folder", async () => {
      bench.put("b/token", "mine\n");
      const { folder, acted } = attackedAt("checked", "b/token", replaceFolder("b"));
      expect(await ending(folder.patch("--- a/b/token\n+++ b/b/token\n@@ -1 +1 @@\n-mine\n+new\n"))).toMatch(/^FORBIDDEN/);
      expect(acted()).toBe(1);
      expect(bench.text("aside/token")).toBe("mine\n");
    });
  });

  it("a folder on the way is replaced by a link, and a patch removes nothing outside", async () => {
    bench.put("b/token", "mine\n");
    // By paths the file is looked for twice before: to plan, and to compare.
    const { folder, acted } = attackedAt("looking", "b/token", replaceFolder("b"), way === "paths" ? 3 : 1);
    expect(await ending(folder.patch("--- a/b/token\n+++ /dev/null\n@@ -1 +0,0 @@\n-mine\n"))).toMatch(expected(/^done/));
    expect(acted()).toBe(1);
  });

  describe("a file is replaced, and", () => {
    it("a link in its place that leads to it is not followed", async () => {
      bench.put("a", "mine");
      const { folder, acted } = attackedAt("looked", "a", () => {
        renameSync(at("a"), at("moved"));
        symlinkSync("moved", at("a"));
      });
      expect(await ending(folder.read("a", { maxBytes: 99 }))).toMatch(way === "descriptors" ? /^done/ : /^FORBIDDEN: "a" is a symbolic link/);
      expect(acted()).toBe(1);
    });

    it("a link in its place is not read", async () => {
      bench.put("a", "mine");
      const { folder, acted } = attackedAt("looked", "a", () => {
        unlinkSync(at("a"));
        symlinkSync(join(bench.outside, "token"), at("a"));
      });
      const read = folder.read("a", { maxBytes: 99 });
      expect(await ending(read)).toMatch(expected(/^done/));
      if (way === "descriptors") expect((await read).text).toBe("mine");
      expect(acted()).toBe(1);
    });

    it("another file in its place is not taken for it", async () => {
      bench.put("a", "mine");
      bench.put("other", "other");
      const { folder } = attackedAt("looked", "a", () => renameSync(at("other"), at("a")));
      const read = folder.read("a", { maxBytes: 99 });
      expect(await ending(read)).toMatch(way === "descriptors" ? /^done/ : /^CONFLICT/);
    });

    it("a link in place of what was written aside is noticed, and is nobody's way out", async () => {
      const { folder, acted } = attackedAt("staged", "a", () => {
        const name = readdirSync(bench.root).find((each) => each.endsWith(".tmp")) ?? "none";
        unlinkSync(at(name));
        symlinkSync(join(bench.outside, "token"), at(name));
      });
      expect(await ending(folder.write("a", "mine"))).toMatch(/^CONFLICT: "a" was replaced at the moment/);
      expect(acted()).toBe(1);
      expect(lstatSync(at("a")).isSymbolicLink()).toBe(true);
    });

    it("another file in place of what was just written is noticed", async () => {
      const { folder } = attackedAt("placed", "a", () => {
        writeFileSync(at("other"), "theirs");
        renameSync(at("other"), at("a"));
      });
      expect(await ending(folder.write("a", "mine"))).toMatch(/^CONFLICT: "a" was replaced at the moment/);
    });

    it("a folder in its place stops the write", async () => {
      const { folder } = attackedAt("staged", "a", () => mkdirSync(at("a")));
      expect(await ending(folder.write("a", "mine"))).toMatch(/^CONFLICT/);
      expect(bench.paths()).toEqual(["a"]);
    });

    it("git's files that come into a folder while it is removed are left", async () => {
      bench.put("d/a", "1");
      const { folder } = attackedAt("checked", "d", () => bench.put("d/.git/config", "x"));
      expect(await ending(folder.remove("d"))).toMatch(/^FORBIDDEN: "d\/.git" is git's own/);
      expect(bench.text("d/.git/config")).toBe("x");
    });
  });
});

describe.runIf(process.platform === "linux")("a process that swaps a folder and a link without end", () => {
  it("gets nothing out and nothing written, in hundreds of tries", async () => {
    const bench = openBench("descriptors");
    const swapper = spawn(process.execPath, ["-e", SWAP, bench.root, bench.outside], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      await once(swapper.stdout, "data");
      const folder = bench.open();
      const seen = { done: 0, refused: 0 };
      const attempt = async (call: Promise<unknown>) => {
        const end = await ending(call);
        expect(end).not.toContain("s3cr3t");
        seen[end === "done" ? "done" : "refused"] += 1;
      };
      for (let each = 0; each < 100 || (each < 2_000 && (seen.done === 0 || seen.refused === 0)); each += 1) {
        await attempt(folder.read("b/token", { maxBytes: 99 }).then(({ text }) => expect(text).not.toBe(SECRET)));
        await attempt(folder.write("b/token", `mine ${each}`));
        await attempt(folder.write(`b/new/${each}`, "x"));
        await attempt(folder.list("b", { limit: 100 }));
        await attempt(folder.remove("b/new"));
        await attempt(folder.search({ text: "s3cr3t", limit: 9, maxFileBytes: 99 }).then(({ matches }) => expect(matches).toEqual([])));
      }
      expect(seen.done).toBeGreaterThan(0);
      expect(seen.refused).toBeGreaterThan(0);
      expect(bench.beyond()).toEqual(UNTOUCHED);
      expect(readFileSync(join(bench.outside, "token"), "utf8")).toBe(SECRET);
    } finally {
      swapper.kill("SIGKILL");
      await once(swapper, "exit");
      bench.close();
    }
  });
});

/** `b` is now a folder of the agent's own and now a link that leads outside; what the daemon put there meanwhile is taken away. */
const SWAP = `
const { lstatSync, mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } = require("node:fs");
const [, root, outside] = process.argv;
process.chdir(root);
mkdirSync("b");
writeFileSync("b/token", "mine");
process.stdout.write("swapping");
const attempt = (act) => {
  try {
    act();
  } catch {}
};
for (;;) {
  attempt(() => rmSync("real", { recursive: true, force: true }));
  attempt(() => renameSync("b", "real"));
  attempt(() => symlinkSync(outside, "b"));
  attempt(() => lstatSync("b").isSymbolicLink() && unlinkSync("b"));
  attempt(() => renameSync("real", "b"));
}
`;
