import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../platform/clock.ts";
import { removeTree } from "../platform/durable-files.ts";
import { describeTinyDisk, withTinyDisk } from "../platform/tiny-disk.testing.ts";
import { openContentStore } from "../store/content-store.ts";
import { SimulatedFiles } from "../store/simulated-files.testing.ts";
import { systemStoreFiles } from "../store/store-files.ts";
import type { SnapshotAbout, SnapshotPart } from "./backup-parts.ts";
import { renderTree } from "./sample-tree.testing.ts";
import { openSnapshotStore, type SnapshotStore } from "./snapshot-store.ts";

let home: string;
let state: string;
/** A clock an hour ahead: files written just now are old enough to be trusted. */
const later = { ...systemClock, wallMs: () => systemClock.wallMs() + 3_600_000 };
const about: SnapshotAbout = { kind: "full", tags: ["before"], because: "a test", update: null, version: "1.2.3", release: "r1" };

beforeEach(() => {
  // A disk in memory where there is one: thousands of syncs, and no power to cut.
  home = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "instar-take-"));
  state = join(home, "state");
  mkdirSync(join(state, "deep"), { recursive: true });
  writeFileSync(join(state, "a.txt"), "alpha");
  writeFileSync(join(state, "deep", "b.txt"), "beta");
  writeFileSync(join(home, "agent.yaml"), "name: agent\n", { mode: 0o640 });
});
afterEach(() => removeTree(home));

const open = (files = systemStoreFiles, clock = later) =>
  openSnapshotStore({ folder: join(home, "snapshots"), store: openContentStore({ folder: join(home, "store"), files }), clock });

function parts(): SnapshotPart[] {
  return [
    { component: "config", about: { from: "file" }, roots: [{ name: "agent.yaml", path: join(home, "agent.yaml") }] },
    { component: "data", about: {}, roots: [{ name: "state", path: state }] },
  ];
}

test("components are taken together, told of in the list, and each comes back by itself", async () => {
  expect(await open().take("one", { about, parts: parts(), trustUnchanged: false })).toMatchObject({ files: 3, sizeBytes: 21, copied: 3, skipped: [] });
  const [found] = await open().list();
  expect(found).toMatchObject({
    id: "one",
    state: "whole",
    about,
    parts: [
      { component: "config", about: { from: "file" }, roots: [{ name: "agent.yaml", files: 1, sizeBytes: 12 }] },
      { component: "data", about: {}, roots: [{ name: "state", files: 2, sizeBytes: 9 }] },
    ],
  });
  await open().writePart("one", "config", "agent.yaml", join(home, "built.yaml"));
  await open().writePart("one", "data", "state", join(home, "built"));
  expect(renderTree(join(home, "built.yaml"))).toEqual(renderTree(join(home, "agent.yaml")));
  expect(renderTree(join(home, "built"))).toEqual(renderTree(state));
  writeFileSync(join(home, "built", "a.txt"), "changed");
  expect(await open().bringPart("one", "data", "state", join(home, "built"))).toMatchObject({ written: 1, removed: 0 });
  expect(renderTree(join(home, "built"))).toEqual(renderTree(state));
  await expect(open().writePart("one", "code", "tree", join(home, "none"))).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("what looks unchanged is read again by a full snapshot and by no other", async () => {
  await open().take("one", { about, parts: parts(), trustUnchanged: true });
  writeFileSync(join(state, "a.txt"), "ALPHA");
  expect(await open().take("two", { about, parts: parts(), trustUnchanged: true })).toMatchObject({ copied: 1, files: 3 });
  expect(await open().take("three", { about, parts: parts(), trustUnchanged: true })).toMatchObject({ copied: 0, files: 3 });
  expect(await open().take("four", { about, parts: parts(), trustUnchanged: false })).toMatchObject({ copied: 3 });
  expect(await open().verify("three")).toEqual({ kind: "intact", how: "restored" });
  expect(await open().copyAhead("five", state)).toEqual({ copied: 0 });
});

test("a change under an old time is read, and so is what was written shortly before the last snapshot", async () => {
  await open(systemStoreFiles, systemClock).take("one", { about, parts: parts(), trustUnchanged: true });
  expect(await open().take("two", { about, parts: parts(), trustUnchanged: true })).toMatchObject({ copied: 3 });
  // To the nanosecond: only the time of change, which nobody can set, tells.
  execFileSync("touch", ["-r", join(state, "a.txt"), join(home, "time")]);
  writeFileSync(join(state, "a.txt"), "ALPHA");
  execFileSync("touch", ["-r", join(home, "time"), join(state, "a.txt")]);
  expect(await open().take("three", { about, parts: parts(), trustUnchanged: true })).toMatchObject({ copied: 1 });
});

test("looks that were lost or damaged, and bytes that were swept, cost reading and nothing else", async () => {
  await open().take("one", { about, parts: parts(), trustUnchanged: true });
  for (const name of readdirSync(join(home, "snapshots", "one")).filter((each) => each.startsWith("looks-"))) {
    const bytes = readFileSync(join(home, "snapshots", "one", name));
    bytes[60] = (bytes[60] ?? 0) ^ 1;
    writeFileSync(join(home, "snapshots", "one", name), bytes);
  }
  expect(await open().take("two", { about, parts: parts(), trustUnchanged: true })).toMatchObject({ copied: 3 });
  rmSync(join(home, "store", "packs"), { recursive: true });
  expect(await open().take("three", { about, parts: parts(), trustUnchanged: true })).toMatchObject({ copied: 3 });
  expect(await open().verify("three")).toMatchObject({ kind: "intact" });
});

test("what a verification found damaged, the next snapshot stores anew, and the older one is whole again", async () => {
  const snapshots = open();
  await snapshots.take("one", { about, parts: parts(), trustUnchanged: true });
  const packs = join(home, "store", "packs");
  for (const name of readdirSync(packs)) {
    const bytes = readFileSync(join(packs, name));
    writeFileSync(join(packs, name), Buffer.from(bytes.toString("latin1").replace("alpha", "alphA"), "latin1"));
  }
  expect(await snapshots.take("two", { about, parts: parts(), trustUnchanged: true })).toMatchObject({ copied: 0 });
  expect(await snapshots.verify("two")).toEqual({ kind: "damaged", how: "restored", paths: ["a.txt"] });
  expect(await snapshots.take("three", { about, parts: parts(), trustUnchanged: true })).toMatchObject({ copied: 1 });
  for (const id of ["one", "two", "three"]) expect([id, await snapshots.verify(id)]).toEqual([id, { kind: "intact", how: "restored" }]);
  expect(await open().verify("one")).toMatchObject({ kind: "intact" });
});

test("a file that changes each time it is read makes no snapshot, and is named", async () => {
  const pipe = join(home, "noise");
  // So much that reading it takes longer than a writer ever pauses, also where others want the processor.
  writeFileSync(join(state, "log"), randomBytes(64_000_000));
  // Appends until it is removed: whatever is read, more has come by the end.
  const writer = execFileSync(
    "/bin/sh",
    ["-c", `touch ${pipe}; (while [ -e ${pipe} ]; do echo more >> ${join(state, "log")}; done) >/dev/null 2>&1 & echo $!`],
    { encoding: "utf8" },
  );
  try {
    await expect(open().take("one", { about, parts: parts(), trustUnchanged: false })).rejects.toMatchObject({
      code: "BACKUP_FAILED",
      facts: { paths: ["log"] },
    });
  } finally {
    rmSync(pipe);
    process.kill(Number(writer), "SIGKILL");
  }
  expect(await open().isFinished("one")).toBe(false);
});

test("two parts of one name, and one that is not there, are refused", async () => {
  const twice = [...parts(), ...parts()];
  await expect(open().take("one", { about, parts: twice, trustUnchanged: false })).rejects.toMatchObject({ code: "INPUT_INVALID" });
  rmSync(join(home, "agent.yaml"));
  await expect(open().take("one", { about, parts: parts(), trustUnchanged: false })).rejects.toMatchObject({ code: "BACKUP_FAILED" });
});

test("further parts are taken in the exchange of a state", async () => {
  const more = parts().slice(0, 1);
  await open().copyAhead("one", state, { parts: more });
  await open().finish("one", state, { parts: more, about });
  expect((await open().list())[0]).toMatchObject({ about, parts: [{ component: "data" }, { component: "config" }] });
  await open().finish("two", state);
  expect((await open().list()).find(({ id }) => id === "two")).toMatchObject({ about: { kind: "incremental", update: "two" } });
});

test("a sweep frees what removed snapshots had alone, and keeps what others have, also one that is not finished", async () => {
  const noise = randomBytes(300_000);
  writeFileSync(join(state, "noise"), noise);
  await open().take("one", { about, parts: parts(), trustUnchanged: true });
  rmSync(join(state, "noise"));
  await open().take("two", { about, parts: parts(), trustUnchanged: true });
  writeFileSync(join(state, "ahead"), randomBytes(50_000));
  await open().copyAhead("three", state);
  await open().remove("one");
  const { freedBytes, missing } = await open().sweep();
  expect([freedBytes > 290_000, missing]).toEqual([true, []]);
  expect(await open().verify("two")).toEqual({ kind: "intact", how: "restored" });
  expect(await open().finish("three", state)).toMatchObject({ copied: 0 });
  expect(await open().verify("three")).toEqual({ kind: "intact", how: "restored" });
});

test("where a snapshot cannot tell what it needs, nothing is freed", async () => {
  await open().take("one", { about, parts: parts(), trustUnchanged: true });
  writeFileSync(join(home, "snapshots", "one", "manifest.json"), "{}\n");
  const before = readdirSync(join(home, "store", "packs"));
  await expect(open().sweep()).rejects.toMatchObject({ code: "SNAPSHOT_DAMAGED" });
  expect(readdirSync(join(home, "store", "packs"))).toEqual(before);
});

test("a snapshot of an earlier Instar is told of as damaged, and keeps nobody from sweeping", async () => {
  mkdirSync(join(home, "snapshots", "earlier", "tree"), { recursive: true });
  writeFileSync(join(home, "snapshots", "earlier", "manifest.json"), '{"version":1,"id":"earlier"}\n');
  await open().take("one", { about, parts: parts(), trustUnchanged: true });
  expect((await open().list()).map(({ id, state: is }) => [id, is])).toContainEqual(["earlier", "damaged"]);
  expect(await open().sweep()).toMatchObject({ missing: [], isDone: true });
  expect(await open().verify("one")).toMatchObject({ kind: "intact" });
});

/** Each of these is one thing that is done to the store, and says whether it may be done again. */
const acts: Readonly<Record<string, (snapshots: SnapshotStore) => Promise<unknown>>> = {
  take: (snapshots) => snapshots.take("s", { about, parts: parts(), trustUnchanged: true }),
  "copy ahead and finish": async (snapshots) => {
    await snapshots.copyAhead("s", state);
    return snapshots.finish("s", state);
  },
  "remove and sweep": async (snapshots) => {
    await snapshots.remove("old");
    return snapshots.sweep();
  },
};

async function prepare(): Promise<void> {
  writeFileSync(join(state, "old"), "only the old one has it".repeat(1_000));
  await open(new SimulatedFiles()).take("old", { about, parts: parts(), trustUnchanged: true });
  rmSync(join(state, "old"));
  await open(new SimulatedFiles()).take("before", { about, parts: parts(), trustUnchanged: true });
  writeFileSync(join(state, "deep", "b.txt"), randomBytes(2_000));
  for (const name of ["snapshots", "store"]) cpSync(join(home, name), join(home, `${name}-before`), { recursive: true });
}

function putBack(): void {
  for (const name of ["snapshots", "store"]) {
    rmSync(join(home, name), { recursive: true, force: true });
    cpSync(join(home, `${name}-before`), join(home, name), { recursive: true });
  }
}

/** Whole snapshots are intact, and what was begun can be done. */
async function expectSound(act: (snapshots: SnapshotStore) => Promise<unknown>): Promise<void> {
  const snapshots = open(new SimulatedFiles());
  const expectIntact = async (id: string) => expect([id, await snapshots.verify(id, { how: "read" })]).toEqual([id, { kind: "intact", how: "read" }]);
  for (const { id, state: is } of await snapshots.list())
    if (is === "whole") await expectIntact(id);
    else expect(["s", "old"]).toContain(id);
  expect((await snapshots.list()).map(({ id }) => id)).toContain("before");
  await act(snapshots);
  expect(readdirSync(join(home, "store", "packs")).filter((name) => name.startsWith("."))).toEqual([]);
  for (const { id } of await snapshots.list()) await expectIntact(id);
}

describe.each(Object.entries(acts))("%s", (_, act) => {
  beforeEach(prepare);

  test("killed after any write leaves the old store, or the new one whole", async () => {
    for (let point = 0; ; point += 1) {
      putBack();
      const files = new SimulatedFiles();
      files.crash.plan(point);
      await act(open(files)).catch(() => {});
      await expectSound(act);
      if (!files.crash.isDead) return expect(point).toBeGreaterThan(1);
    }
  });

  test.each(["ENOSPC", "EIO", "EROFS"] as const)("refused with %s at any write, failed or persisted, leaves the store as it was", async (code) => {
    for (const mode of ["failed", "persisted"] as const)
      for (let number = 0; ; number += 1) {
        putBack();
        const files = new SimulatedFiles();
        files.plan({ number, code, mode });
        const error = await act(open(files)).then(
          () => undefined,
          (reason: { code?: string }) => reason,
        );
        if (error !== undefined)
          expect([code, files.names.at(-1), error.code]).toEqual([code, files.names.at(-1), code === "ENOSPC" ? "DISK_FULL" : "BACKUP_FAILED"]);
        await expectSound(act);
        if (files.names.length <= number) break;
      }
  });
});

const noMount = describeTinyDisk();
describe.skipIf(noMount !== undefined)(`with a disk of its own${noMount === undefined ? "" : ` (${noMount})`}`, () => {
  test("where there is no room to restore aside, the store alone is read, and the verdict says so", async () => {
    await withTinyDisk(4, async (disk) => {
      const snapshots = openSnapshotStore({ folder: join(disk, "snapshots"), store: openContentStore({ folder: join(disk, "store") }), clock: later });
      writeFileSync(join(state, "noise"), randomBytes(2_500_000));
      await snapshots.take("one", { about, parts: parts(), trustUnchanged: true });
      expect(await snapshots.verify("one")).toEqual({ kind: "intact", how: "read" });
    });
  });

  test("on a disk that is read-only nothing is taken, and what there is can be read", async () => {
    await open().take("one", { about, parts: parts(), trustUnchanged: true });
    execFileSync("mount", ["--bind", home, home]);
    execFileSync("mount", ["-o", "remount,bind,ro", home]);
    try {
      await expect(open().take("two", { about, parts: parts(), trustUnchanged: true })).rejects.toMatchObject({ code: "BACKUP_FAILED" });
      expect((await open().list()).map(({ id, state: is }) => [id, is])).toEqual([["one", "whole"]]);
    } finally {
      execFileSync("umount", [home]);
    }
    expect(await open().verify("one")).toMatchObject({ kind: "intact" });
  });
});
