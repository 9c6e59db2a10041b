import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemClock } from "../platform/clock.ts";
import { removeTree } from "../platform/durable-files.ts";
import { openContentStore } from "../store/content-store.ts";
import { readStateSize } from "./read-state-size.ts";
import { renderTree } from "./sample-tree.testing.ts";
import { openSnapshotStore } from "./snapshot-store.ts";

let home: string;
let state: string;
/** A clock an hour ahead: files written just now are old enough to be trusted. */
const later = { ...systemClock, wallMs: () => systemClock.wallMs() + 3_600_000 };

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "instar-backup-"));
  state = join(home, "state");
  mkdirSync(join(state, "deep", "er"), { recursive: true });
  writeFileSync(join(state, "a.txt"), "alpha");
  writeFileSync(join(state, "deep", "er", "b.txt"), "beta");
});
afterEach(async () => removeTree(home));

function store(clock = systemClock) {
  return openSnapshotStore({ folder: join(home, "snapshots"), store: openContentStore({ folder: join(home, "store") }), clock });
}

/** Built anew, since in the store the bytes lie among others. */
async function bytesIn(id: string, path: string): Promise<string> {
  const at = join(home, "built");
  await removeTree(at);
  await store().writePart(id, "data", "state", at);
  return readFileSync(join(at, path), "utf8");
}

function findPack(text: string): { path: string; at: number } {
  const packs = join(home, "store", "packs");
  const found = readdirSync(packs).map((name) => ({ path: join(packs, name), at: readFileSync(join(packs, name)).indexOf(text) }));
  return found.find(({ at }) => at >= 0) ?? { path: "", at: -1 };
}

/** Times stay as they were: nothing but the bytes tells. */
function flipByte(path: string, at: number): void {
  const { atime, mtime } = statSync(path);
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  utimesSync(path, atime, mtime);
}

test("everything that a folder can hold comes back as it was", async () => {
  mkdirSync(join(state, "empty"), { mode: 0o711 });
  mkdirSync(join(state, "sealed"));
  writeFileSync(join(state, "sealed", "kept"), "k", { mode: 0o400 });
  chmodSync(join(state, "sealed"), 0o500);
  writeFileSync(join(state, "run"), "#!/bin/sh\n", { mode: 0o755 });
  writeFileSync(join(state, "nothing"), "");
  linkSync(join(state, "a.txt"), join(state, "deep", "same-as-a"));
  symlinkSync("../nowhere/at all", join(state, "deep", "dangling"));
  writeFileSync(Buffer.concat([Buffer.from(`${state}/not-utf8-`), Buffer.of(0xff, 0xfe)]), "strange");
  writeFileSync(join(state, 'üñï 名 \n"quoted"'), "text");
  writeFileSync(join(state, "__proto__"), "p");
  utimesSync(join(state, "a.txt"), 1_000_000_000.123, 1_000_000_000.123);
  if (process.getuid?.() === 0) execFileSync("chown", ["-h", "1234:4321", join(state, "run"), join(state, "deep", "dangling")]);
  const before = renderTree(state);
  const taken = await store().finish("one", state);
  rmSync(join(state, "deep"), { recursive: true });
  writeFileSync(join(state, "a.txt"), "changed");
  const changed = renderTree(state);
  const { asideAt, ownersNotKept } = await store().restore("one", state, join(home, "aside"));
  expect(renderTree(state)).toEqual(before);
  expect(renderTree(asideAt ?? "")).toEqual(changed);
  expect(ownersNotKept).toBe(0);
  expect((await store().finish("two", state)).digest).not.toBe("");
  expect(taken.skipped).toEqual([]);
});

test("a large file with holes keeps its bytes and its holes", async () => {
  const path = join(state, "sparse");
  const file = openSync(path, "w");
  writeSync(file, "begin", 0);
  writeSync(file, "end", 5_000_000);
  truncateSync(path, 50_000_000);
  const before = renderTree(state);
  await store().finish("one", state);
  rmSync(path);
  await store().restore("one", state, join(home, "aside"));
  expect(renderTree(state)).toEqual(before);
  expect(statSync(path).blocks * 512).toBeLessThan(1_000_000);
});

test("sockets and pipes are left out, and named", async () => {
  execFileSync("mkfifo", [join(state, "deep", "pipe")]);
  expect((await store().finish("one", state)).skipped).toEqual(["deep/pipe"]);
});

test("after a copy ahead only the difference is copied, and what vanished goes", async () => {
  writeFileSync(join(state, "gone"), "g");
  expect(await store(later).copyAhead("one", state)).toEqual({ copied: 3 });
  writeFileSync(join(state, "deep", "er", "b.txt"), "BETA");
  writeFileSync(join(state, "new"), "n");
  rmSync(join(state, "gone"));
  expect(await store().finish("one", state)).toMatchObject({ copied: 2, files: 3, sizeBytes: 10 });
  expect(await bytesIn("one", "deep/er/b.txt")).toBe("BETA");
  expect(existsSync(join(home, "built", "gone"))).toBe(false);
});

test("a change that puts size and modification time back is seen", async () => {
  utimesSync(join(state, "a.txt"), 1_000_000_000, 1_000_000_000);
  await store(later).copyAhead("one", state);
  writeFileSync(join(state, "a.txt"), "ALPHA");
  utimesSync(join(state, "a.txt"), 1_000_000_000, 1_000_000_000);
  expect(await store().finish("one", state)).toMatchObject({ copied: 1 });
  expect(await bytesIn("one", "a.txt")).toBe("ALPHA");
});

test("a file written shortly before the copy ahead is not trusted to be known", async () => {
  await store().copyAhead("one", state);
  expect(await store().finish("one", state)).toMatchObject({ copied: 2 });
});

test("a file may become a folder, and a folder a file, between the copies", async () => {
  await store(later).copyAhead("one", state);
  rmSync(join(state, "a.txt"));
  mkdirSync(join(state, "a.txt"));
  writeFileSync(join(state, "a.txt", "inner"), "i");
  rmSync(join(state, "deep"), { recursive: true });
  writeFileSync(join(state, "deep"), "d");
  const before = renderTree(state);
  await store().finish("one", state);
  writeFileSync(join(state, "deep"), "other");
  await store().restore("one", state, join(home, "aside"));
  expect(renderTree(state)).toEqual(before);
});

test("a file that is replaced by a link or a pipe at the moment of its copying leads nowhere else", async () => {
  writeFileSync(join(home, "secret"), "s3cret");
  writeFileSync(join(state, "b.txt"), "b");
  writeFileSync(join(state, "c.txt"), "c");
  const onProgress = ({ files }: { files: number }) => {
    if (files !== 1) return;
    rmSync(join(state, "b.txt"));
    symlinkSync(join(home, "secret"), join(state, "b.txt"));
    rmSync(join(state, "c.txt"));
    execFileSync("mkfifo", [join(state, "c.txt")]);
  };
  await store(later).copyAhead("one", state, { onProgress });
  expect(await store().finish("one", state)).toMatchObject({ files: 2, skipped: ["c.txt"] });
});

test("what was swept after the copy ahead, or lost in any way, is copied again", async () => {
  await store(later).copyAhead("one", state);
  expect(await store().finish("kept", state)).toMatchObject({ copied: 2 });
  rmSync(join(home, "store"), { recursive: true });
  expect(await store().finish("one", state)).toMatchObject({ copied: 2 });
  expect(await store().verify("one")).toEqual({ kind: "intact", how: "restored" });
});

test("a finished snapshot is not taken again, whatever the state has become", async () => {
  const first = await store().finish("one", state);
  writeFileSync(join(state, "a.txt"), "later");
  expect(await store().finish("one", state)).toEqual({ ...first, copied: 0 });
  expect(await store().copyAhead("one", state)).toEqual({ copied: 0 });
  expect(await bytesIn("one", "a.txt")).toBe("alpha");
});

test("the same contents have the same digest, and any difference another", async () => {
  const digest = (await store().finish("one", state)).digest;
  expect((await store().finish("two", state)).digest).toBe(digest);
  chmodSync(join(state, "a.txt"), 0o600);
  expect((await store().finish("three", state)).digest).not.toBe(digest);
});

test("a snapshot with a flipped byte and an untouched time stamp is found out, and is not restored", async () => {
  await store().finish("one", state);
  const { path, at } = findPack("alpha");
  flipByte(path, at);
  expect(await store().verify("one")).toEqual({ kind: "damaged", how: "restored", paths: ["a.txt"] });
  expect(await store().verify("one", { how: "read" })).toEqual({ kind: "damaged", how: "read", paths: ["a.txt"] });
  const before = renderTree(state);
  await expect(store().restore("one", state, join(home, "aside"))).rejects.toMatchObject({ code: "SNAPSHOT_DAMAGED", facts: { path: "a.txt" } });
  expect(renderTree(state)).toEqual(before);
  expect(await readdir(home)).toEqual(["aside", "snapshots", "state", "store"]);
});

test("a lost pack and a changed manifest are damage too", async () => {
  await store().finish("one", state);
  rmSync(findPack("alpha").path);
  expect(await store().verify("one")).toMatchObject({ kind: "damaged" });
  await expect(store().restore("one", state, join(home, "aside"))).rejects.toMatchObject({ code: "SNAPSHOT_DAMAGED" });
  const manifest = join(home, "snapshots", "one", "manifest.json");
  writeFileSync(manifest, readFileSync(manifest, "utf8").replace('"sizeBytes": 9', '"sizeBytes": 8'));
  expect(await store().verify("one")).toMatchObject({ kind: "damaged", paths: ["manifest.json"] });
  await expect(store().restore("one", state, join(home, "aside"))).rejects.toMatchObject({ code: "SNAPSHOT_DAMAGED" });
  expect((await store().list())[0]).toMatchObject({ id: "one", state: "damaged" });
});

test("a state folder that is not there is refused: it may be a disk that was not mounted", async () => {
  await expect(store().finish("one", join(home, "none"))).rejects.toMatchObject({ code: "BACKUP_FAILED" });
  await expect(store().finish("one", join(state, "a.txt"))).rejects.toMatchObject({ code: "BACKUP_FAILED" });
});

test("an id that is a path is refused", async () => {
  await expect(async () => store().finish("../state", state)).rejects.toMatchObject({ code: "INPUT_INVALID" });
});

test("a copy that is stopped says so with the signal's own reason", async () => {
  const stop = new AbortController();
  for (let n = 0; n < 300; n++) writeFileSync(join(state, `f${n}`), "x");
  const onProgress = () => stop.abort(new Error("enough"));
  await expect(store().copyAhead("one", state, { signal: stop.signal, onProgress })).rejects.toThrow("enough");
  await expect(store().finish("one", state)).resolves.toMatchObject({ files: 302 });
});

test("a state that is written to while it should be quiet makes no snapshot", async () => {
  let round = 0;
  const onProgress = () => writeFileSync(join(state, "deep", "er", "b.txt"), `round ${round++}`);
  await expect(store().finish("one", state, { onProgress })).rejects.toMatchObject({ code: "BACKUP_FAILED" });
  expect(await store().isFinished("one")).toBe(false);
});

test("snapshots are listed newest first and removed whole; an unfinished one is told apart", async () => {
  let now = 1_000;
  const ticking = { ...systemClock, wallMs: () => now++ };
  await store(ticking).finish("old", state);
  await store(ticking).finish("new", state);
  await store().copyAhead("begun", state);
  expect((await store().list()).map(({ id, state: kind }) => [id, kind])).toEqual([
    ["begun", "unfinished"],
    ["new", "whole"],
    ["old", "whole"],
  ]);
  await store().remove("old");
  await store().remove("old");
  expect((await store().list()).map(({ id }) => id)).toEqual(["begun", "new"]);
  await expect(store().verify("begun")).rejects.toMatchObject({ code: "NOT_FOUND" });
  await rm(join(home, "snapshots"), { recursive: true });
  expect(await store().list()).toEqual([]);
});

test("a state's size counts hard links once, and nothing where there is no folder", async () => {
  linkSync(join(state, "a.txt"), join(state, "again"));
  expect(await readStateSize(state)).toBe(9);
  expect(await readStateSize(join(home, "none"))).toBe(0);
});
