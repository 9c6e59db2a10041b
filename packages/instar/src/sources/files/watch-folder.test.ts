import { type FSWatcher, mkdirSync, mkdtempSync, renameSync, rmdirSync, rmSync, symlinkSync, unlinkSync, watch, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../platform/clock.ts";
import type { Burst } from "./collect-hints.ts";
import { type FolderWatchOptions, watchFolder } from "./watch-folder.ts";

let place: string;
let folder: string;
let stops: (() => Promise<void>)[];
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "instar-watch-"));
  folder = join(place, "agent");
  mkdirSync(folder);
  stops = [];
});
afterEach(async () => {
  for (const stop of stops) await stop();
  rmSync(place, { recursive: true, force: true });
});

const put = (path: string, content = "x") => {
  mkdirSync(join(folder, path, ".."), { recursive: true });
  writeFileSync(join(folder, path), content);
};

interface Watched {
  readonly bursts: Burst[];
  /** Hints so far, of all bursts. */
  readonly paths: () => string[];
  /** The condition, asked again after every burst. */
  readonly until: (is: () => boolean) => Promise<void>;
}

async function begin(more: Partial<FolderWatchOptions> = {}): Promise<Watched> {
  const ended = new AbortController();
  const ready = Promise.withResolvers<void>();
  const bursts: Burst[] = [];
  let heard = Promise.withResolvers<void>();
  const done = watchFolder(
    { folder, isIgnored: () => false, quietMs: 100, longestMs: 60_000, clock: systemClock, signal: ended.signal, onReady: ready.resolve, ...more },
    (burst) => {
      bursts.push(burst);
      heard.resolve();
      heard = Promise.withResolvers();
    },
  );
  stops.push(async () => {
    ended.abort();
    await done;
  });
  await ready.promise;
  return {
    bursts,
    paths: () => bursts.flatMap((burst) => (burst.kind === "paths" ? [...burst.paths] : [])),
    until: async (is) => {
      while (!is()) await heard.promise;
    },
  };
}

const isAnything = (burst: Burst | undefined) => burst?.kind === "anything";

describe("watching a folder", () => {
  test("a burst of 1,000 writes is one event, with every path in it", async () => {
    mkdirSync(join(folder, "sub"));
    const watched = await begin();
    for (let number = 0; number < 1_000; number += 1) put(`sub/${number}.py`);
    await watched.until(() => watched.bursts.length > 0);
    put("mark");
    await watched.until(() => watched.paths().includes("mark"));
    expect(watched.bursts).toHaveLength(2);
    expect(watched.bursts[0]).toMatchObject({ kind: "paths" });
    expect(new Set(watched.paths())).toEqual(new Set([...Array.from({ length: 1_000 }, (_, number) => `sub/${number}.py`), "mark"]));
  });

  test("changed, created, renamed and removed files are hinted; nothing of an ignored folder is", async () => {
    put("deep/er/a.py");
    put("b.py");
    put("cache/c.py");
    const watched = await begin({ isIgnored: (path) => path === "cache" });
    put("deep/er/a.py", "y");
    renameSync(join(folder, "b.py"), join(folder, "d.py"));
    put("cache/c.py", "y");
    unlinkSync(join(folder, "cache/c.py"));
    await watched.until(() => ["deep/er/a.py", "b.py", "d.py"].every((path) => watched.paths().includes(path)));
    put("mark");
    await watched.until(() => watched.paths().includes("mark"));
    expect(watched.paths().filter((path) => path.startsWith("cache"))).toEqual([]);
  });

  test("a new folder with files created at once: each is hinted, and what comes later too", async () => {
    const watched = await begin();
    put("new/deep/er/a.py");
    put("new/b.py");
    await watched.until(() => ["new/deep/er/a.py", "new/b.py"].every((path) => watched.paths().includes(path)));
    put("new/deep/er/later.py");
    await watched.until(() => watched.paths().includes("new/deep/er/later.py"));
  });

  test("a folder that is moved in, renamed, removed and made again is watched under the name it has", async () => {
    mkdirSync(join(place, "outside/sub"), { recursive: true });
    writeFileSync(join(place, "outside/sub/a.py"), "x");
    const watched = await begin();
    renameSync(join(place, "outside"), join(folder, "in"));
    await watched.until(() => watched.paths().includes("in/sub/a.py"));
    renameSync(join(folder, "in"), join(folder, "other"));
    await watched.until(() => watched.paths().includes("in/") && watched.paths().includes("other/sub/a.py"));
    const before = watched.bursts.length;
    put("other/sub/a.py", "y");
    await watched.until(() => watched.bursts.length > before);
    expect(watched.bursts.slice(before).flatMap((burst) => (burst.kind === "paths" ? [...burst.paths] : ["?"]))).toEqual(["other/sub/a.py"]);
    rmSync(join(folder, "other"), { recursive: true });
    mkdirSync(join(folder, "other"));
    await watched.until(() => watched.paths().includes("other/"));
    put("other/again.py");
    await watched.until(() => watched.paths().includes("other/again.py"));
  });

  test("links are not followed", async () => {
    mkdirSync(join(place, "outside"));
    const watched = await begin();
    symlinkSync(join(place, "outside"), join(folder, "link"));
    await watched.until(() => watched.paths().includes("link"));
    writeFileSync(join(place, "outside/a.py"), "x");
    put("mark");
    await watched.until(() => watched.paths().includes("mark"));
    expect(watched.paths().filter((path) => path.startsWith("link/"))).toEqual([]);
  });

  test("a folder that vanishes and comes back is watched again", async () => {
    const watched = await begin();
    rmdirSync(folder);
    await watched.until(() => watched.bursts.some((burst) => burst.kind === "anything" && burst.because.endsWith("is gone")));
    put("deep/a.py");
    await watched.until(() => watched.bursts.some((burst) => burst.kind === "anything" && burst.because.startsWith("another folder")));
    put("deep/later.py");
    await watched.until(() => watched.paths().includes("deep/later.py"));
  });

  test("one that is not there at the beginning is waited for", async () => {
    rmdirSync(folder);
    const watched = await begin();
    put("a.py");
    await watched.until(() => watched.bursts.some(isAnything));
    put("b.py");
    await watched.until(() => watched.paths().includes("b.py"));
  });

  test("a folder replaced by rename: the new one is watched, and the old one no more", async () => {
    put("a.py");
    mkdirSync(join(place, "next"));
    const watched = await begin();
    renameSync(folder, join(place, "old"));
    renameSync(join(place, "next"), folder);
    await watched.until(() => watched.bursts.some(isAnything));
    writeFileSync(join(place, "old/a.py"), "y");
    put("b.py");
    await watched.until(() => watched.paths().includes("b.py"));
    expect(watched.paths()).not.toContain("a.py");
  });

  test("more events than the system keeps: the watches are made anew, and it says that anything may have changed", async () => {
    const watched = await begin();
    for (let number = 0; number < 9_000; number += 1) put(`${number}.py`); // two events and more each
    mkdirSync(join(folder, "lost"));
    await watched.until(() => watched.bursts.some(isAnything));
    put("lost/a.py");
    await watched.until(() => watched.paths().includes("lost/a.py"));
  });

  test.each(["ENOSPC", "EMFILE"])("no watches left (%s): it says so, and looks at the files instead", async (code) => {
    put("one/a.py");
    put("two/b.py");
    let opened = 0;
    const scarce = (path: string, options: { readonly recursive: boolean }, onEvent: (kind: string, name: string | null) => void): FSWatcher => {
      if (opened++ >= 2) throw Object.assign(new Error("none left"), { code });
      return watch(path, options, onEvent);
    };
    const watched = await begin({ watch: scarce });
    await watched.until(() => watched.bursts.some((burst) => burst.kind === "anything" && burst.because.includes(`(${code};`)));
    await watched.until(() => {
      put("two/b.py", `${opened++}`); // until the first look has been taken
      put("mark", `${opened++}`);
      return watched.paths().includes("two/b.py");
    });
  });

  test("one watch for everything, as on other systems, hints the same", async () => {
    put("deep/a.py");
    const watched = await begin({ isRecursive: true });
    put("deep/a.py", "y");
    await watched.until(() => watched.paths().includes("deep/a.py"));
    put("new/er/b.py");
    await watched.until(() => watched.paths().includes("new/er/b.py"));
  });

  test("what the caller throws ends the watch and is thrown", async () => {
    const ready = Promise.withResolvers<void>();
    const options = { folder, isIgnored: () => false, quietMs: 0, longestMs: 1_000, clock: systemClock, signal: new AbortController().signal };
    const done = watchFolder({ ...options, onReady: ready.resolve }, () => {
      throw new Error("enough");
    });
    await ready.promise;
    put("a.py");
    await expect(done).rejects.toThrow("enough");
  });

  test("a watch that is ended at any moment ends, and nothing of it is left", async () => {
    put("deep/er/a.py");
    for (let turns = 0; turns < 60; turns += 1) {
      const ended = new AbortController();
      const done = watchFolder({ folder, isIgnored: () => false, quietMs: 1, longestMs: 2, clock: systemClock, signal: ended.signal }, () => {});
      for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      put("deep/er/a.py", `${turns}`);
      ended.abort();
      await done;
    }
    // The system's handles are closed at the end of a turn, on a busy machine of a later one; one that was forgotten stays.
    const open = () => process.getActiveResourcesInfo().filter((name) => name === "FSEventWrap");
    for (let turn = 0; turn < 1_000 && open().length > 0; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(open()).toEqual([]);
  });

  test("ten thousand files in five hundred folders need five hundred watches", async () => {
    for (let number = 0; number < 10_000; number += 1) put(`folder-${number % 500}/${number}.py`);
    let opened = 0;
    const counted = (path: string, options: { readonly recursive: boolean }, onEvent: (kind: string, name: string | null) => void): FSWatcher => {
      opened += 1;
      return watch(path, options, onEvent);
    };
    const watched = await begin({ watch: counted });
    expect(opened).toBe(501);
    put("folder-499/9999.py", "y");
    await watched.until(() => watched.paths().includes("folder-499/9999.py"));
  });
});
