import { mkdirSync, readdirSync, rmSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SimulatedClock } from "@instar/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { describeTinyDisk, withTinyDisk } from "../../platform/tiny-disk.testing.ts";
import { openAgentFolder } from "./agent-folder.ts";
import { ending, type FolderBench, openBench } from "./folder-bench.testing.ts";

describe("the limits of a folder", () => {
  let bench: FolderBench;
  let clock: SimulatedClock;
  beforeEach(() => {
    bench = openBench(process.platform === "linux" ? "descriptors" : "paths");
    clock = new SimulatedClock();
  });
  afterEach(() => bench.close());
  const open = (files: number, bytes: number) => bench.open({ clock }, { files, bytes });
  const FULL = /^DISK_FULL: the folder may hold/;

  it("hold for files, folders and what git has", async () => {
    bench.put(".git/config", "");
    const folder = open(4, 1_000);
    expect(await ending(folder.write("a", ""))).toBe("done");
    expect(await ending(folder.write("b", ""))).toBe("done");
    expect(await ending(folder.write("c", ""))).toMatch(/^DISK_FULL: the folder may hold 4 files/);
    expect(await ending(folder.patch("--- /dev/null\n+++ b/c\n@@ -0,0 +1 @@\n+x\n"))).toMatch(FULL);
    expect(await ending(folder.write("a", "changed"))).toBe("done");
    expect(bench.paths()).toEqual([".git", ".git/config", "a", "b"]);
  });

  it("hold for bytes, of which a file that is replaced gives its own back", async () => {
    const folder = open(10, 100);
    expect(await ending(folder.write("a", "x".repeat(80)))).toBe("done");
    expect(await ending(folder.write("b", "x".repeat(30)))).toMatch(/^DISK_FULL: the folder may hold 100 bytes/);
    expect(await ending(folder.write("a", "x".repeat(95)))).toBe("done");
    expect(await ending(folder.write("a", "x".repeat(101)))).toMatch(FULL);
    expect(await ending(folder.write("a", "x".repeat(20)))).toBe("done");
    expect(await ending(folder.write("b", "x".repeat(30)))).toBe("done");
  });

  it("count what was removed by the same folder at once", async () => {
    const folder = open(4, 100);
    await folder.write("d/a", "x".repeat(50));
    await folder.write("d/b", "x".repeat(50));
    expect(await ending(folder.write("c", "x"))).toMatch(FULL);
    await folder.remove("d");
    expect(await ending(folder.write("c", "x".repeat(100)))).toBe("done");
    await folder.remove("c");
    expect(await ending(folder.write("c", "x".repeat(100)))).toBe("done");
  });

  it("count anew what the agent did by itself, every five seconds and not more often", async () => {
    const folder = open(2, 100);
    await folder.write("a", "");
    bench.put("b", "");
    bench.put("c", "");
    expect(await ending(folder.write("d", ""))).toBe("done");
    clock.advance(4_999);
    rmSync(join(bench.root, "d"));
    expect(await ending(folder.write("d", ""))).toMatch(FULL);
    clock.advance(1);
    expect(await ending(folder.write("d", ""))).toMatch(FULL);
    for (const path of ["a", "b", "c"]) rmSync(join(bench.root, path));
    clock.advance(5_000);
    expect(await ending(folder.write("d", ""))).toBe("done");
  });

  it("take a sparse file for what it takes on the disk", async () => {
    writeFileSync(join(bench.root, "sparse"), "");
    truncateSync(join(bench.root, "sparse"), 2 ** 40);
    expect(await ending(open(10, 10_000).write("a", "x"))).toBe("done");
  });

  it.runIf(describeTinyDisk() === undefined)("are not the disk's: what that refuses is DISK_FULL, and leaves nothing", async () => {
    await withTinyDisk(1, async (root) => {
      const folder = openAgentFolder({ root });
      expect(await ending(folder.write("a", Buffer.alloc(3_000_000)))).toMatch(/^DISK_FULL: could not write/);
      await folder.write("b", "one\n");
      const patch = `--- a/b\n+++ b/b\n@@ -1 +1 @@\n-one\n+two\n--- /dev/null\n+++ b/c\n@@ -0,0 +1 @@\n+${"x".repeat(3_000_000)}\n`;
      expect(await ending(folder.patch(patch))).toMatch(/^DISK_FULL/);
      expect(readdirSync(root)).toEqual(["b"]);
      expect(await folder.read("b", { maxBytes: 9 })).toMatchObject({ text: "one\n" });
    });
  });
});

describe("what a crash left aside", () => {
  it("is removed before the first change, where it is old, and nothing else is", async () => {
    const bench = openBench(process.platform === "linux" ? "descriptors" : "paths");
    try {
      const [old, young, other] = [`.instar-${"0".repeat(16)}.tmp`, `.instar-${"1".repeat(16)}.tmp`, ".instar-x.tmp"];
      for (const name of [old, young, other]) bench.put(name, "");
      mkdirSync(join(bench.root, `.instar-${"2".repeat(16)}.tmp`));
      for (const name of [old, other, `.instar-${"2".repeat(16)}.tmp`]) utimesSync(join(bench.root, name), 1_000, 1_000);
      await bench.open().write("a", "");
      expect(bench.paths().sort()).toEqual([`.instar-${"1".repeat(16)}.tmp`, `.instar-${"2".repeat(16)}.tmp`, ".instar-x.tmp", "a"]);
    } finally {
      bench.close();
    }
  });
});
