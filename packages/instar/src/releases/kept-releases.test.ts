import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { InstarError } from "@instar/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Facts } from "../database/facts.ts";
import { openDatabase } from "../database/open-database.ts";
import { systemClock } from "../platform/clock.ts";
import { removeTree } from "../platform/durable-files.ts";
import { openContentStore } from "../store/content-store.ts";
import { readTree } from "../store/read-tree.ts";
import { openTreeStore } from "../store/tree-store.ts";
import { type KeptReleases, openKeptReleases } from "./kept-releases.ts";
import { openReleaseStore, type ReleaseStore } from "./release-store.ts";

let data: string;
let releases: ReleaseStore;
let kept: KeptReleases;
let close: () => void;
const signal = new AbortController().signal;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "instar-kept-"));
  const database = openDatabase(join(data, "instar.db"));
  close = () => database.close();
  releases = openReleaseStore({ folder: join(data, "releases"), slotCanWrite: true, clock: systemClock });
  kept = openKeptReleases({ facts: new Facts(database), trees: openTreeStore(openContentStore({ folder: join(data, "store") })), releases });
});
afterEach(async () => {
  close();
  await removeTree(data);
});

const seal = async (id: string, files: Record<string, string>) => {
  const tree = releases.treePath(id);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), content, { mode: path.startsWith("bin/") ? 0o755 : 0o644 });
  }
  symlinkSync("server.js", join(tree, "main.js"));
  return releases.seal(id, {
    version: "1.0.0",
    commit: "c".repeat(40),
    author: "Ada",
    at: "2026-01-01T00:00:00.000Z",
    changes: [],
    updateType: "patch",
    previous: null,
    wayBack: null,
    settingsDigest: "s",
  });
};
const FILES = { "server.js": "serve()\n".repeat(3_000), "lib/deep/a.js": "a", "bin/run": "#!/bin/sh\n", empty: "" };
const force = (id: string) => execFileSync("chmod", ["-R", "u+w", join(data, "releases", id)]);

describe("a release that is kept", () => {
  it("comes back byte for byte when it was removed, with its record, and verifies", async () => {
    const record = await seal("r1", FILES);
    await kept.keep("r1", { signal });
    force("r1");
    rmSync(join(data, "releases", "r1"), { recursive: true });
    await kept.restore("r1", signal);
    expect(await releases.readRecord("r1")).toEqual(record);
    expect(await releases.verify("r1")).toEqual({ kind: "intact" });
    expect(await releases.verifyQuickly("r1")).toEqual({ kind: "intact" });
    for (const [path, content] of Object.entries(FILES)) expect(readFileSync(join(releases.treePath("r1"), path), "utf8")).toBe(content);
    expect(readlinkSync(join(releases.treePath("r1"), "main.js"))).toBe("server.js");
    expect(lstatSync(join(releases.treePath("r1"), "bin/run")).mode & 0o777).toBe(0o555);
  });

  it("comes back when it was changed underneath, whatever was put beside it", async () => {
    await seal("r1", FILES);
    await kept.keep("r1", { signal });
    force("r1");
    writeFileSync(join(releases.treePath("r1"), "server.js"), "evil()");
    writeFileSync(join(releases.treePath("r1"), "more.js"), "more()");
    expect((await releases.verify("r1")).kind).toBe("damaged");
    await kept.restore("r1", signal);
    expect(await releases.verify("r1")).toEqual({ kind: "intact" });
  });

  it("comes back when a restore before was killed half way", async () => {
    await seal("r1", FILES);
    await kept.keep("r1", { signal });
    await releases.remove("r1");
    mkdirSync(join(releases.treePath("r1"), "lib"), { recursive: true });
    writeFileSync(join(releases.treePath("r1"), "server.js"), "serve()\nser");
    await kept.restore("r1", signal);
    expect(await releases.verify("r1")).toEqual({ kind: "intact" });
  });

  it("is not kept where it is not what was sealed: a copy of damage helps nobody", async () => {
    await seal("r1", FILES);
    force("r1");
    writeFileSync(join(releases.treePath("r1"), "server.js"), "evil()");
    await expect(kept.keep("r1", { signal })).rejects.toMatchObject({ code: "RELEASE_DAMAGED" });
    expect(kept.isKept("r1")).toBe(false);
  });

  it("is not taken by a sweep that waited while it was kept", async () => {
    const store = openContentStore({ folder: join(data, "store") });
    const facts = new Facts(openAgain());
    const beside = openKeptReleases({ facts, trees: openTreeStore(store), releases });
    await seal("r1", FILES);
    const keeping = beside.keep("r1", { signal });
    const sweeping = untilWriting(store).then(() =>
      store.sweep(
        async () => new Set(beside.trees().flatMap((tree) => [tree, ...readTree(store, tree).flatMap((entry) => (entry.kind === "file" ? entry.blobs : []))])),
      ),
    );
    await Promise.all([keeping, sweeping]);
    await releases.remove("r1");
    await beside.restore("r1", signal);
    expect(await releases.verify("r1")).toEqual({ kind: "intact" });
  });

  it("is forgotten where its copy gives nothing, so that a new one is kept", async () => {
    await seal("r1", FILES);
    await kept.keep("r1", { signal });
    rmSync(join(data, "store", "packs"), { recursive: true });
    const again = openKeptReleases({ facts: new Facts(openAgain()), trees: openTreeStore(openContentStore({ folder: join(data, "store") })), releases });
    await expect(again.restore("r1", signal)).rejects.toMatchObject({ code: "DATA_DAMAGED" });
    expect(again.isKept("r1")).toBe(false);
    expect(await releases.verify("r1")).toEqual({ kind: "intact" });
    await again.keep("r1", { signal });
    await releases.remove("r1");
    await again.restore("r1", signal);
    expect(await releases.verify("r1")).toEqual({ kind: "intact" });
  });

  it("leaves nothing of what it replaced once the release is removed, wherever it was killed", async () => {
    await seal("r1", FILES);
    mkdirSync(releases.replacedPath("r1"));
    await releases.remove("r1");
    expect(readdirSync(join(data, "releases"))).toEqual([]);
  });

  it("does not come back from a store with a flipped byte: what was there stays, and is still known to be damaged", async () => {
    await seal("r1", FILES);
    await kept.keep("r1", { signal });
    force("r1");
    writeFileSync(join(releases.treePath("r1"), "server.js"), "evil()");
    for (const name of readdirSync(join(data, "store", "packs"))) {
      const path = join(data, "store", "packs", name);
      const bytes = readFileSync(path);
      for (let at = 40; at < Math.min(bytes.length, 400); at += 1) bytes[at] = (bytes[at] ?? 0) ^ 1;
      chmodSync(path, 0o600);
      writeFileSync(path, bytes);
    }
    const again = openKeptReleases({ facts: new Facts(openAgain()), trees: openTreeStore(openContentStore({ folder: join(data, "store") })), releases });
    await expect(again.restore("r1", signal)).rejects.toSatisfy((error) => InstarError.is(error));
    expect((await releases.verify("r1")).kind).toBe("damaged");
    expect(readFileSync(join(releases.treePath("r1"), "server.js"), "utf8")).toBe("evil()");
  });

  it("shares with the next one what both have, and goes with the last that nobody needs", async () => {
    const store = openContentStore({ folder: join(data, "store") });
    await seal("r1", FILES);
    await seal("r2", { ...FILES, "lib/deep/a.js": "b" });
    await kept.keep("r1", { signal });
    store.refresh();
    const first = store.readSizeBytes();
    await kept.keep("r2", { signal });
    store.refresh();
    expect(store.readSizeBytes() - first).toBeLessThan(first);
    kept.prune({ newest: 1, referenced: new Set() });
    expect([kept.isKept("r1"), kept.isKept("r2"), kept.trees().length]).toEqual([false, true, 1]);
    kept.prune({ newest: 0, referenced: new Set(["r2"]) });
    expect(kept.isKept("r2")).toBe(true);
  });

  /** Resolves once somebody writes to the store: a sweep that begins now has to wait for them. */
  async function untilWriting(store: ReturnType<typeof openContentStore>): Promise<void> {
    while (!existsSync(join(data, "store", "packs")) || readdirSync(join(data, "store", "packs")).length === 0)
      await new Promise((resolve) => setImmediate(resolve));
    store.refresh();
  }

  function openAgain() {
    const database = openDatabase(join(data, "instar.db"));
    const before = close;
    close = () => {
      database.close();
      before();
    };
    return database;
  }
});
