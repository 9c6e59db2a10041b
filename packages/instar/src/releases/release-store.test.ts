import { execFileSync, spawn } from "node:child_process";
import { chmodSync, existsSync, linkSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { InstarError } from "@instar/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { removeTree } from "../platform/durable-files.ts";
import { describeTinyDisk, withTinyDisk } from "../platform/tiny-disk.testing.ts";
import type { ReleaseFacts } from "./release-record.ts";
import { openReleaseStore, type ReleaseStore } from "./release-store.ts";

let data: string;
let store: ReleaseStore;
let nowMs: number;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "instar-releases-"));
  nowMs = Date.UTC(2026, 0, 2);
  store = openStore(data, true);
});
afterEach(() => removeTree(data));

const openStore = (folder: string, slotCanWrite: boolean) =>
  openReleaseStore({ folder: join(folder, "releases"), slotCanWrite, clock: { wallMs: () => (nowMs += 1_000), monotonicMs: () => 0, sleep: async () => {} } });

const facts: ReleaseFacts = {
  version: "1.0.0",
  commit: "c".repeat(40),
  author: "Ada <ada@example.org>",
  at: "2026-01-01T00:00:00.000Z",
  changes: ["first"],
  updateType: "patch",
  previous: null,
  wayBack: null,
  settingsDigest: "sha256:s",
};

const BIG = "0123456789abcdef".repeat(1_000);

const put = (id: string, files: Record<string, string> = { "server.js": BIG, "lib/a.js": "a", "bin/run": "#!" }, from = store): string => {
  const tree = from.treePath(id);
  mkdirSync(tree, { recursive: true });
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), content, { mode: path.startsWith("bin/") ? 0o755 : 0o644 });
  }
  return tree;
};

/** As an attacker or a bug would: the file's mode, size and time, to the nanosecond, are as before. */
const flip = (path: string) => {
  const { mode } = lstatSync(path);
  const before = join(data, "before");
  execFileSync("touch", ["-r", path, before]);
  chmodSync(path, 0o644);
  const bytes = readFileSync(path);
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  chmodSync(path, mode);
  execFileSync("touch", ["-r", before, path]);
};

describe("sealing", () => {
  test("gives a record, and nothing of the release can be written", async () => {
    const tree = put("1.0.0-a-1");
    symlinkSync("server.js", join(tree, "link"));
    expect(await store.isSealed("1.0.0-a-1")).toBe(false);
    const record = await store.seal("1.0.0-a-1", facts);
    expect(record).toMatchObject({ ...facts, id: "1.0.0-a-1", files: 3, sizeBytes: BIG.length + 3, sealedAt: "2026-01-02T00:00:01.000Z" });
    expect(await store.readRecord("1.0.0-a-1")).toEqual(record);
    expect(Object.fromEntries(["", "lib", "server.js", "bin/run"].map((path) => [path, (lstatSync(join(tree, path)).mode & 0o777).toString(8)]))).toEqual({
      "": "555",
      lib: "555",
      "server.js": "444",
      "bin/run": "555",
    });
    expect(await store.verify("1.0.0-a-1")).toEqual({ kind: "intact" });
    expect(await store.verifyQuickly("1.0.0-a-1")).toEqual({ kind: "intact" });
    expect(readdirSync(join(data, "releases", "1.0.0-a-1")).sort()).toEqual(["manifest.jsonl", "release.json", "tree"]);
  });

  test("the same files have the same digest whatever their times and order, and any difference another", async () => {
    put("a", { x: "1", y: "2" });
    put("b", { y: "2", x: "1" });
    put("c", { x: "1", y: "3" });
    put("d", { x: "1", "bin/y": "2" });
    const digests = [];
    for (const id of ["a", "b", "c", "d"]) digests.push((await store.seal(id, facts)).digest);
    expect(digests[0]).toBe(digests[1]);
    expect(new Set(digests).size).toBe(3);
    expect((await store.findByDigest(digests[0] ?? ""))?.id).toBe("b");
    expect(await store.findByDigest("sha256:none")).toBeUndefined();
  });

  test("re-sealing gives the record there is, and refuses to call another commit by that name", async () => {
    put("a");
    const record = await store.seal("a", facts);
    expect(await store.seal("a", { ...facts, changes: ["told otherwise"] })).toEqual(record);
    await expect(store.seal("a", { ...facts, commit: "d".repeat(40) })).rejects.toMatchObject({ code: "CONFLICT" });
  });

  test.each(["before the manifest", "before the record"])("re-seal after a crash %s gives what an undisturbed seal gives", async (when) => {
    store = openStore(data, false); // so that sharing replaces files in folders that are locked already
    put("whole");
    const { digest } = await store.seal("whole", facts);
    put("cut");
    await store.seal("cut", facts);
    const folder = join(data, "releases", "cut");
    for (const name of when === "before the record" ? ["release.json"] : ["release.json", "manifest.jsonl"]) await removeTree(join(folder, name));
    mkdirSync(join(folder, "scratch"));
    writeFileSync(join(folder, "scratch", "half"), "half a file");
    writeFileSync(join(folder, ".tmp-half"), "half a manifest");
    expect(await store.isSealed("cut")).toBe(false);
    expect((await store.seal("cut", facts, { previous: "whole" })).digest).toBe(digest);
    expect(await store.verify("cut")).toEqual({ kind: "intact" });
  });

  test.each(["scratch", "manifest.jsonl", "release.json"])(
    "killed with SIGKILL when %s appears, it is either sealed and intact or sealed by the next try",
    async (sign) => {
      const files = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`d${index % 9}/f${index}.js`, `${BIG}${index}`]));
      put("whole", files);
      const { digest } = await store.seal("whole", facts);
      put("killed", files);
      const script = `import { openReleaseStore } from ${JSON.stringify(import.meta.resolve("./release-store.ts"))};
      const clock = { wallMs: () => 1, monotonicMs: () => 0, sleep: async () => {} };
      await openReleaseStore({ folder: ${JSON.stringify(join(data, "releases"))}, slotCanWrite: true, clock }).seal("killed", ${JSON.stringify(facts)});`;
      const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: "ignore" });
      const ended = new Promise((resolve) => child.once("exit", resolve));
      const folder = join(data, "releases", "killed");
      await expect.poll(() => existsSync(join(folder, sign)) || child.exitCode !== null, { interval: 1, timeout: 30_000 }).toBe(true);
      child.kill("SIGKILL");
      await ended;
      if (await store.isSealed("killed")) expect(await store.verify("killed")).toEqual({ kind: "intact" });
      expect((await store.seal("killed", facts)).digest).toBe(digest);
      expect(await store.verify("killed")).toEqual({ kind: "intact" });
      expect(readdirSync(join(folder, "tree"))).toHaveLength(9);
    },
  );

  test("unchanged files are one file with the previous release only where the slot cannot write", async () => {
    for (const slotCanWrite of [true, false]) {
      const releases = openStore(join(data, String(slotCanWrite)), slotCanWrite);
      const older = put("old", { "server.js": BIG, small: "s" }, releases);
      await releases.seal("old", facts);
      const newer = put("new", { "server.js": BIG, small: "s", "more.js": BIG }, releases);
      await releases.seal("new", facts, { previous: "old" });
      const inode = (path: string) => lstatSync(path).ino;
      expect(inode(join(newer, "server.js")) === inode(join(older, "server.js"))).toBe(!slotCanWrite && !canReflink());
      expect(inode(join(newer, "small"))).not.toBe(inode(join(older, "small")));
      for (const id of ["old", "new"]) expect(await releases.verify(id)).toEqual({ kind: "intact" });
      expect(readFileSync(join(newer, "server.js"), "utf8")).toBe(BIG);
    }
  });

  test("a previous release that was changed on disk hands nothing on", async () => {
    const releases = openStore(data, false);
    const older = put("old", { "server.js": BIG }, releases);
    await releases.seal("old", facts);
    flip(join(older, "server.js"));
    const newer = put("new", { "server.js": BIG }, releases);
    await releases.seal("new", facts, { previous: "old" });
    expect(readFileSync(join(newer, "server.js"), "utf8")).toBe(BIG);
    expect(await releases.verify("new")).toEqual({ kind: "intact" });
  });

  test("a file that a package manager's store also names becomes the release's own", async () => {
    const tree = put("a", {});
    writeFileSync(join(data, "store"), "from the store", { mode: 0o644 });
    linkSync(join(data, "store"), join(tree, "package.js"));
    await store.seal("a", facts);
    expect(lstatSync(join(data, "store")).mode & 0o777).toBe(0o644);
    writeFileSync(join(data, "store"), "rewritten");
    expect(await store.verify("a")).toEqual({ kind: "intact" });
  });

  test("what lies behind a link into the dependencies is part of the release", async () => {
    mkdirSync(join(data, "dependencies", "k", "venv", "lib"), { recursive: true });
    writeFileSync(join(data, "dependencies", "k", "venv", "lib", "x.py"), "x = 1");
    const tree = put("a", { "main.py": "" });
    symlinkSync(join(data, "dependencies", "k", "venv"), join(tree, ".venv"));
    symlinkSync("/usr/bin/env", join(tree, "outside"));
    const record = await store.seal("a", facts);
    expect(record.files).toBe(2);
    flip(join(data, "dependencies", "k", "venv", "lib", "x.py"));
    expect(await store.verify("a")).toMatchObject({ kind: "damaged", changed: [".venv/lib/x.py"] });
    await removeTree(join(data, "dependencies", "k"));
    expect(await store.verify("a")).toMatchObject({ kind: "damaged", missing: [".venv/lib", ".venv/lib/x.py"] });
  });

  test("a tree with a socket or a name that is not UTF-8 is refused", async () => {
    execFileSync("mkfifo", [join(put("a"), "pipe")]);
    await expect(store.seal("a", facts)).rejects.toMatchObject({ code: "BUILD_FAILED" });
    const tree = put("b");
    renameSync(join(tree, "server.js"), Buffer.concat([Buffer.from(`${tree}/caf`), Buffer.from([0xe9])]));
    await expect(store.seal("b", facts)).rejects.toMatchObject({ code: "BUILD_FAILED" });
  });

  test("ids that would leave the folder are refused", () => {
    for (const id of ["", "..", "../x", "a/b", ".hidden", "-x", "a..b"]) expect(() => store.treePath(id), id).toThrow("cannot be a release's id");
  });

  const noTinyDisk = describeTinyDisk();
  test.skipIf(noTinyDisk !== undefined)(
    `disk full at seal is DISK_FULL, and sealing again once there is space works${noTinyDisk === undefined ? "" : ` (${noTinyDisk})`}`,
    () =>
      withTinyDisk(1, async (disk) => {
        const releases = openStore(disk, true);
        const tree = put("a", { "server.js": BIG }, releases);
        writeFileSync(join(disk, "store"), BIG.repeat(10));
        linkSync(join(disk, "store"), join(tree, "linked.js"));
        expect(() => writeFileSync(join(disk, "filler"), Buffer.alloc(2_000_000))).toThrow("ENOSPC");
        await expect(releases.seal("a", facts)).rejects.toMatchObject({ code: "DISK_FULL", transient: true });
        expect(await releases.isSealed("a")).toBe(false);
        await removeTree(join(disk, "filler"));
        await releases.seal("a", facts);
        expect(await releases.verify("a")).toEqual({ kind: "intact" });
      }),
  );
});

describe("verifying", () => {
  test("finds a flipped byte although size, mode and time are as before; the quick look does not", async () => {
    const tree = put("a");
    await store.seal("a", facts);
    flip(join(tree, "lib/a.js"));
    expect(await store.verify("a")).toEqual({ kind: "damaged", changed: ["lib/a.js"], missing: [], added: [] });
    expect(await store.verifyQuickly("a")).toEqual({ kind: "intact" });
  });

  test("finds what is missing, added, linked elsewhere or made writable, quickly as well", async () => {
    const tree = put("a", { "gone.js": "g", "mode.js": "m", stays: "s" });
    symlinkSync("stays", join(tree, "link"));
    await store.seal("a", facts);
    chmodSync(tree, 0o755);
    await removeTree(join(tree, "gone.js"));
    await removeTree(join(tree, "link"));
    symlinkSync("mode.js", join(tree, "link"));
    chmodSync(join(tree, "mode.js"), 0o644);
    writeFileSync(join(tree, "new.js"), "n");
    execFileSync("mkfifo", [join(tree, "pipe")]);
    const damage = { kind: "damaged", changed: ["link", "mode.js"], missing: ["gone.js"], added: ["new.js", "pipe"] };
    expect(await store.verify("a")).toEqual(damage);
    expect(await store.verifyQuickly("a")).toEqual(damage);
  });

  test("a manifest that was rewritten to suit the files does not help them", async () => {
    const tree = put("a", { x: "1" });
    await store.seal("a", facts);
    put("b", { x: "2" });
    await store.seal("b", facts);
    flip(join(tree, "x"));
    writeFileSync(join(tree, "..", "manifest.jsonl"), readFileSync(join(data, "releases", "b", "manifest.jsonl")));
    expect(await store.verify("a")).toMatchObject({ kind: "damaged", changed: ["manifest.jsonl"] });
    writeFileSync(join(tree, "..", "manifest.jsonl"), "not json");
    expect(await store.verifyQuickly("a")).toMatchObject({ kind: "damaged", changed: ["manifest.jsonl"] });
  });

  test("names at most twenty of each, and a tree that is gone is all missing", async () => {
    put("a", Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`f${index}`, "x"])));
    await store.seal("a", facts);
    await removeTree(store.treePath("a"));
    const damage = await store.verify("a");
    expect(damage.kind === "damaged" && damage.missing.length).toBe(20);
    expect(await store.verify("never").catch((error: InstarError) => error.code)).toBe("NOT_FOUND");
  });
});

describe("keeping house", () => {
  test("a dead attempt's leftovers are swept; sealed releases and attempts in use stay", async () => {
    put("sealed");
    await store.seal("sealed", facts);
    put("dead");
    put("alive");
    put("locked");
    await store.seal("locked", facts);
    await removeTree(join(data, "releases", "locked", "release.json")); // read-only, and its record never came
    expect((await store.list()).unfinished).toEqual(["alive", "dead", "locked"]);
    expect(await store.sweep(["alive"])).toEqual(["dead", "locked"]);
    expect(readdirSync(join(data, "releases")).sort()).toEqual(["alive", "sealed"]);
  });

  test("a damaged record hides no other release and is never swept", async () => {
    for (const id of ["a", "b"]) {
      put(id, { id });
      await store.seal(id, facts);
    }
    writeFileSync(join(data, "releases", "a", "release.json"), "{");
    const { sealed, damaged } = await store.list();
    expect([sealed.map(({ id }) => id), damaged]).toEqual([["b"], ["a"]]);
    await store.sweep([]);
    expect(existsSync(store.treePath("a"))).toBe(true);
    await expect(store.readRecord("a")).rejects.toMatchObject({ code: "DATA_DAMAGED" });
  });

  test("a removed release is gone, and removing it again is no error", async () => {
    put("a");
    await store.seal("a", facts);
    await store.remove("a");
    await store.remove("a");
    expect(await store.list()).toEqual({ sealed: [], unfinished: [], damaged: [] });
  });
});

function canReflink(): boolean {
  try {
    writeFileSync(join(data, "probe"), "x");
    execFileSync("cp", ["--reflink=always", join(data, "probe"), join(data, "probe2")], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
