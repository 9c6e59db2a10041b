import { execFileSync } from "node:child_process";
import { chmodSync, linkSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AgentFolder } from "./agent-folder.ts";
import type { CopyQuestion } from "./copy-agent-folder.ts";
import { type FolderBench, openBench, SECRET, WAYS } from "./folder-bench.testing.ts";

const LIMITS = { files: 100, bytes: 1_000_000, fileBytes: 500_000 };

describe.runIf(process.platform !== "win32").each(WAYS)("a copy of an agent's folder, reached by %s,", (way) => {
  let bench: FolderBench;
  let into: string;
  beforeEach(() => {
    bench = openBench(way);
    into = join(bench.place, "copy");
    mkdirSync(into);
  });
  afterEach(() => bench.close());

  const copy = (more: Partial<CopyQuestion> = {}, folder: AgentFolder = bench.open()) =>
    folder.copy({ into, isIgnored: (path) => /(^|\/)\.git(\/|$)/.test(path), limits: LIMITS, ...more });
  /** Not what lies behind a link. */
  const copied = (below = ""): string[] =>
    readdirSync(join(into, below), { withFileTypes: true })
      .flatMap((entry) => (entry.isDirectory() ? copied(join(below, entry.name)) : [join(below, entry.name)]))
      .sort();

  it("has its files and links, byte for byte, executable or not, and nothing that is left out", async () => {
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, at) => at % 251));
    bench.put("a/b/data.bin", bytes);
    bench.put("run.sh", "#!/bin/sh\n");
    bench.put(".git/config", "[core]");
    bench.put("a/.git", "gitdir: /etc");
    chmodSync(join(bench.root, "run.sh"), 0o711);
    symlinkSync("a/b", join(bench.root, "link"));
    mkdirSync(join(bench.root, "empty"));
    execFileSync("mkfifo", [join(bench.root, "pipe")]);
    await copy();
    expect(copied()).toEqual(["a/b/data.bin", "link", "run.sh"]);
    expect(readFileSync(join(into, "a/b/data.bin")).equals(bytes)).toBe(true);
    expect(readlinkSync(join(into, "link"))).toBe("a/b");
    expect([lstatSync(join(into, "run.sh")).mode & 0o100, lstatSync(join(into, "a/b/data.bin")).mode & 0o111]).toEqual([0o100, 0]);
  });

  it.each<[string, () => void, Partial<CopyQuestion>, string]>([
    ["a hard link to somebody's file", () => linkSync(join(bench.outside, "token"), join(bench.root, "mine")), {}, "FORBIDDEN"],
    ["a file that is too large", () => bench.put("large", "x".repeat(600_000)), {}, "FORBIDDEN"],
    ["too much in all", () => ["a", "b", "c"].map((name) => bench.put(name, "x".repeat(400_000))), {}, "DISK_FULL"],
    ["too many files", () => Array.from({ length: 101 }, (_, at) => bench.put(`f${at}`, "")), {}, "DISK_FULL"],
    ["too many files in many folders", () => Array.from({ length: 101 }, (_, at) => bench.put(`d${at % 20}/f${at}`, "")), {}, "DISK_FULL"],
    ["a name that is not UTF-8", () => writeFileSync(Buffer.concat([Buffer.from(`${bench.root}/`), Buffer.from([0xff])]), ""), {}, "PACKAGE_REFUSED"],
  ])("of %s is refused", async (_, make, more, code) => {
    make();
    await expect(copy(more)).rejects.toMatchObject({ code });
  });

  it("shows nothing from behind a link that was put in a folder's place while it was walked", async () => {
    bench.put("b/token", "mine");
    // At every moment there is: once the folder is itself, once it leads outside.
    let isAway = false;
    let swaps = 0;
    const swap = () => {
      isAway = !isAway;
      swaps += 1;
      if (isAway) {
        renameSync(join(bench.root, "b"), join(bench.place, "aside"));
        symlinkSync(join(bench.outside, "b"), join(bench.root, "b"));
      } else {
        rmSync(join(bench.root, "b"));
        renameSync(join(bench.place, "aside"), join(bench.root, "b"));
      }
    };
    for (let skipped = 0; skipped < 12; skipped += 1) {
      if (isAway) swap();
      rmSync(into, { recursive: true });
      mkdirSync(into);
      let moments = 0;
      const folder = bench.open({
        between: () => {
          moments += 1;
          if (moments > skipped) swap();
        },
      });
      await copy({}, folder).catch(() => {});
      for (const path of copied()) if (!lstatSync(join(into, path)).isSymbolicLink()) expect(readFileSync(join(into, path), "utf8")).not.toContain(SECRET);
    }
    expect(swaps).toBeGreaterThan(10);
    if (isAway) swap();
  });

  it("ends when it is told to", async () => {
    bench.put("a", "1");
    await expect(copy({ signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow("enough");
  });
});

describe.runIf(process.platform === "linux")("a file is removed only as it was", () => {
  let bench: FolderBench;
  beforeEach(() => {
    bench = openBench("descriptors");
  });
  afterEach(() => bench.close());

  it("where that is asked for: another content, or none, stays", async () => {
    const folder = bench.open();
    bench.put("a.txt", "1");
    const { digest } = await folder.read("a.txt", { maxBytes: 10 });
    bench.put("a.txt", "2");
    await expect(folder.remove("a.txt", { expects: digest })).rejects.toMatchObject({ code: "CONFLICT" });
    expect(bench.text("a.txt")).toBe("2");
    bench.put("a.txt", "1");
    await folder.remove("a.txt", { expects: digest });
    expect(bench.paths()).toEqual([]);
    await expect(folder.remove("a.txt", { expects: digest })).rejects.toMatchObject({ code: "CONFLICT" });
  });

  it("and the daemon lays there what is larger than an agent may", async () => {
    const folder = bench.open();
    const large = Buffer.alloc(9 * 1_048_576, 1);
    await expect(folder.write("large", large)).rejects.toMatchObject({ code: "INPUT_INVALID" });
    const { digest } = await folder.write("large", large, { mostBytes: 16 * 1_048_576 });
    await folder.remove("large", { expects: digest, mostBytes: 16 * 1_048_576 });
    expect(bench.paths()).toEqual([]);
  });
});
