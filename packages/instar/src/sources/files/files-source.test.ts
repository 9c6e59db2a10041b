import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, truncateSync, unlinkSync, watch as watchWithNode, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { InstarError } from "@instar/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../platform/clock.ts";
import { filesSourceSettings } from "../../settings/files-source-settings.ts";
import { type GitMirror, openGitMirror } from "../git-mirror.ts";
import { makeRepository } from "../make-repository.testing.ts";
import type { Burst } from "./collect-hints.ts";
import { createFilesSource, type FilesSource } from "./files-source.ts";

let place: string;
let folder: string;
let mirror: GitMirror;
let parent: string | null;
let source: FilesSource;
let stops: (() => Promise<void>)[];
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "instar-files-"));
  folder = join(place, "agent");
  mkdirSync(folder);
  mirror = openGitMirror(join(place, "mirror"), { path: process.env.PATH ?? "", home: place });
  parent = null;
  source = open();
  stops = [];
});
afterEach(async () => {
  for (const stop of stops) await stop();
  rmSync(place, { recursive: true, force: true });
});

const open = (quiet = "400ms", clock = systemClock) =>
  createFilesSource({ ...filesSourceSettings.parse({ folder, quiet }), folder, clock, parent: () => parent });
const put = (path: string, content: string) => {
  mkdirSync(join(folder, path, ".."), { recursive: true });
  writeFileSync(join(folder, path), content);
};
const at = (path: string) => join(folder, path);
/** What the look says; where it found something, the caller's next parent is that. */
const look = async (through = mirror): Promise<readonly string[] | string> => {
  try {
    const looked = await source.look(through);
    if (looked.kind === "waits") return `waits: ${looked.because}`;
    parent = looked.commit;
    return looked.changed;
  } catch (error) {
    if (InstarError.is(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
};
const read = (path: string) => execFileSync("git", ["--git-dir", join(place, "mirror"), "cat-file", "blob", `${parent}:${path}`]).toString();

/** Without the one that says that the watch has begun. */
async function watch() {
  const ended = new AbortController();
  const told: Burst[] = [];
  let heard = Promise.withResolvers<void>();
  const begun = heard.promise;
  const done = source.watch((burst) => {
    if (burst.kind === "paths" || burst.because !== "the watch has begun") told.push(burst);
    heard.resolve();
    heard = Promise.withResolvers();
  }, ended.signal);
  stops.push(async () => {
    ended.abort();
    await done;
  });
  await begun;
  const until = async (is: () => boolean) => {
    while (!is()) await heard.promise;
  };
  return { told, until, next: (count: number) => until(() => told.length >= count) };
}

/** What follows a change must be told, and what the change told must be all there is between. */
const pathsOf = (burst: Burst | undefined) => (burst?.kind === "paths" ? [...burst.paths].sort() : burst?.because);

describe("what a look finds", () => {
  test("first everything, then what changed, then nothing", async () => {
    put("a.py", "1");
    put("b.png", "1");
    expect(await look()).toEqual(["a.py", "b.png"]);
    put("b.png", "2");
    expect(await look()).toEqual(["b.png"]);
    expect(await look()).toEqual([]);
    put("a.log", "1");
    expect(await look()).toEqual([]);
  });

  test("a mirror that was made anew gets everything again", async () => {
    source = open("400ms", { ...systemClock, wallMs: () => Date.now() + 3_600_000 }); // an hour on, what was read is remembered
    put("a.py", "1");
    await look();
    rmSync(join(place, "mirror"), { recursive: true });
    parent = null;
    expect(await look()).toEqual(["a.py"]);
    expect(read("a.py")).toBe("1");
  });

  test("nothing while a rebase or a merge is under way, and none of a conflict's marks afterwards", async () => {
    const { git, commit } = makeRepository(folder);
    commit("first", { "a.py": "1\n" });
    expect(await look()).toEqual(["a.py"]);
    git("checkout", "--quiet", "-b", "other");
    commit("theirs", { "a.py": "2\n" });
    git("checkout", "--quiet", "main");
    commit("ours", { "a.py": "3\n" });
    expect(() => git("merge", "other")).toThrow();
    expect(await look()).toMatch(/^waits: a merge is under way in the folder \(.*MERGE_HEAD is there\)$/);
    git("merge", "--abort");
    expect(() => git("rebase", "other")).toThrow();
    expect(await look()).toMatch(/^waits: a rebase is under way/);
    git("rebase", "--quit");
    expect(await look()).toBe('DETECTION_FAILED: "a.py" still holds the marks of a merge\'s conflict');
    git("checkout", "--quiet", "--force", "main");
    expect(await look()).toEqual(["a.py"]);
    expect(read("a.py")).toBe("3\n");
  });

  test("a git that begins while the folder is read: what was read is not taken", async () => {
    makeRepository(folder).commit("first", { "a.py": "1\n" });
    const through: GitMirror = {
      ...mirror,
      run: (args, options) => {
        if (args[0] === "write-tree") writeFileSync(at(".git/index.lock"), "");
        return mirror.run(args, options);
      },
    };
    expect(await look(through)).toMatch(/^waits: git is writing/);
  });
});

describe("what a watch tells", () => {
  test("a burst of 1,000 writes is one event", async () => {
    const { told, next } = await watch();
    for (let number = 0; number < 1_000; number += 1) put(`sub/${number}.py`, "x");
    await next(1);
    put("mark.py", "x");
    await next(2);
    expect(told.map((burst) => (burst.kind === "paths" ? burst.paths.size : burst.because))).toEqual([1_000, 1]);
  });

  const save: Readonly<Record<string, () => void>> = {
    vim: () => {
      put(".a.py.swp", "swap");
      put("4913", "");
      unlinkSync(at("4913"));
      renameSync(at("a.py"), at("a.py~"));
      put("a.py", "new");
      unlinkSync(at("a.py~"));
      unlinkSync(at(".a.py.swp"));
    },
    emacs: () => {
      symlinkSync("ada@host.1:1", at(".#a.py"));
      put("#a.py#", "ne");
      renameSync(at("a.py"), at("a.py~"));
      put("a.py", "new");
      unlinkSync(at("#a.py#"));
      unlinkSync(at(".#a.py"));
      unlinkSync(at("a.py~"));
    },
    "VS Code": () => {
      truncateSync(at("a.py"));
      writeFileSync(at("a.py"), "new", { flag: "r+" });
    },
    JetBrains: () => {
      put("a.py___jb_tmp___", "new");
      renameSync(at("a.py"), at("a.py___jb_old___"));
      renameSync(at("a.py___jb_tmp___"), at("a.py"));
      unlinkSync(at("a.py___jb_old___"));
    },
    "sed -i": () => void execFileSync("sed", ["-i", "s/old/new/", at("a.py")]),
  };
  test.each(Object.entries(save))("%s saves in a way of its own: one event, and the right content", async (_, act) => {
    put("a.py", "old");
    await look();
    const { told, next } = await watch();
    act();
    await next(1);
    expect(await look()).toEqual(["a.py"]);
    expect(read("a.py").trim()).toBe("new");
    put("mark.py", "x");
    await next(2);
    expect(told.map(pathsOf)).toEqual([["a.py"], ["mark.py"]]);
  });

  test("a checkout of another branch is one event", async () => {
    const { git, commit } = makeRepository(folder);
    const files = (content: string) => Object.fromEntries(Array.from({ length: 300 }, (_, number) => [`sub-${number % 20}/${number}.py`, content]));
    commit("first", files("1"));
    git("checkout", "--quiet", "-b", "other");
    commit("second", { ...files("2"), "sub-0": null, "more/deep/a.py": "2" });
    await look();
    const { told, next } = await watch();
    await promisify(execFile)("git", ["-C", folder, "checkout", "--quiet", "main"]);
    await next(1);
    expect(await look()).toHaveLength(301);
    put("mark.py", "x");
    await next(2);
    expect(told).toHaveLength(2);
    expect(pathsOf(told[1])).toEqual(["mark.py"]);
  });

  test("files that do not count, and ignored ones, begin nothing", async () => {
    put("a.png", "x");
    source = open("0ms");
    const { told, next } = await watch();
    const heard = Promise.withResolvers<void>();
    const other = watchWithNode(folder, () => heard.resolve());
    put("a.png", "y");
    await heard.promise; // who watches later hears later
    other.close();
    put("node_modules/a/index.js", "x");
    put("a.log", "x");
    put("mark.py", "x");
    await next(1);
    expect(told[0]?.kind).toBe("paths");
    expect(pathsOf(told[0])).toEqual(["mark.py"]);
  });

  test("what was waited for is over: it is told, although no watched file changed", async () => {
    makeRepository(folder).commit("first", { "a.py": "1\n" });
    const { told, next } = await watch();
    writeFileSync(at(".git/MERGE_HEAD"), "");
    expect(await look()).toMatch(/^waits/);
    unlinkSync(at(".git/MERGE_HEAD"));
    await next(1);
    expect(told.map(pathsOf)).toEqual(["what git had under way in the folder is over"]);
    expect(await look()).toEqual(["a.py"]);
  });
});
