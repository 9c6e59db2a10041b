import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeFileDurably } from "../platform/durable-files.ts";
import { describeTinyDisk, withTinyDisk } from "../platform/tiny-disk.testing.ts";
import { rotateKeys } from "./rotate-keys.ts";
import { makeKey } from "./signing-keys.ts";
import { parseFloors } from "./trust-floors.ts";
import { listFiles, makeTrustRoom, type TrustRoom } from "./trust-room.testing.ts";

let room: TrustRoom;
beforeEach(async () => {
  room = await makeTrustRoom();
});
afterEach(() => room.close());

class Stop extends Error {}

function failAt(n: number, isKept: boolean) {
  let writes = 0;
  return async (path: string, bytes: Uint8Array) => {
    writes += 1;
    if (writes === n && !isKept) throw new Stop();
    await writeFileDurably(path, bytes);
    if (writes === n) throw new Stop();
  };
}

describe("a client's metadata folder", () => {
  it("T27: goes on after a crash at any write, with the floors from before and from after", async () => {
    await room.publish("1.0.0");
    const before = await room.refresh();
    const [old] = await room.keys("timestamp");
    await rotateKeys({ ...room, changes: [{ role: "timestamp", add: [await makeKey(room.keysFolder, "timestamp-n")], remove: [old?.keyId ?? ""] }] });
    await room.publish("1.1.0", { channel: "self" });
    await room.publish("1.1.0");
    const start = listFiles(room.metadataFolder);
    const after = await room.refresh(before);
    let crashes = 0;
    for (const isKept of [false, true])
      for (let n = 1; n <= 5; n += 1)
        for (const floors of [before, after]) {
          restore(start);
          await expect(room.open({ floors: before, keep: failAt(n, isKept) }).refresh()).rejects.toThrow(Stop);
          crashes += 1;
          expect(await room.refresh(floors)).toEqual(after);
          expect(readdirSync(room.metadataFolder)).not.toContain("staging");
        }
    expect(crashes).toBe(20);
  });

  it("is cleared of what a killed refresh left", async () => {
    const floors = await room.refresh();
    mkdirSync(join(room.metadataFolder, "staging"));
    writeFileSync(join(room.metadataFolder, "staging", "root.json"), "{", { mode: 0o400 });
    writeFileSync(join(room.metadataFolder, ".tmp-0123456789ab"), "{");
    await room.refresh(floors);
    expect(readdirSync(room.metadataFolder).filter((name) => /staging|tmp/.test(name))).toEqual([]);
  });

  it("may hold links, folders and huge files under its names: they are as good as missing", async () => {
    const floors = await room.refresh();
    for (const name of ["root.json", "timestamp.json", "snapshot.json", "targets.json"]) rmSync(join(room.metadataFolder, name));
    symlinkSync(join(room.keysFolder, "gate.pem"), join(room.metadataFolder, "root.json"));
    writeFileSync(join(room.metadataFolder, "snapshot.json"), "");
    truncateSync(join(room.metadataFolder, "snapshot.json"), 3 * 1_024 ** 3);
    writeFileSync(join(room.metadataFolder, "evil.json"), "{");
    const secret = readFileSync(join(room.keysFolder, "gate.pem"));
    expect(await room.refresh(floors)).toEqual(floors);
    expect(readFileSync(join(room.keysFolder, "gate.pem"))).toEqual(secret);
    expect(readFileSync(join(room.metadataFolder, "root.json"))).toEqual(room.shippedRoot);
  });

  it("bad input: floors that are damaged are never taken for none", async () => {
    const floors = await room.refresh();
    expect(parseFloors(JSON.parse(JSON.stringify(floors)))).toEqual(floors);
    for (const value of [
      undefined,
      null,
      {},
      [],
      "x",
      { ...floors, atMs: -1 },
      { ...floors, root: { version: 1 } },
      { ...floors, more: 1 },
      { ...floors, targets: undefined },
    ])
      expect(() => parseFloors(value)).toThrow(expect.objectContaining({ code: "DATA_DAMAGED" }));
  });

  it("bad input: a shipped root that is none begins no trust", async () => {
    for (const text of ["", "{", "null", "{}", JSON.stringify({ ...room.read("1.root.json"), signatures: [] })])
      await expect(room.open({ shippedRoot: Buffer.from(text) }).refresh()).rejects.toMatchObject({ code: "PACKAGE_REFUSED" });
    expect(room.asked).toEqual([]);
  });
});

describe.skipIf(describeTinyDisk() !== undefined)("a full disk", () => {
  it("is told apart, and leaves the metadata as they were and no part of a release", async () => {
    await room.publish("1.0.0", { release: await room.makeRelease({}, { big: incompressible(3_000_000) }) });
    await withTinyDisk(1, async (disk) => {
      const metadataFolder = join(disk, "client");
      const client = room.open({ metadataFolder });
      const { floors } = await client.refresh();
      const found = client.findRelease("agent", "stable", { current: null, place: 0 });
      if (found.kind === "none") throw new Error(found.because);
      await expect(client.download(found.release, join(disk, "downloads"))).rejects.toMatchObject({ code: "DISK_FULL" });
      expect(readdirSync(join(disk, "downloads"))).toEqual([]);
      const before = readFileSync(join(metadataFolder, "timestamp.json"));
      await room.publish("1.1.0");
      expect(() => writeFileSync(join(disk, "filler"), Buffer.alloc(2_000_000))).toThrow();
      await expect(room.open({ metadataFolder, floors }).refresh()).rejects.toMatchObject({ code: "DISK_FULL" });
      expect(readFileSync(join(metadataFolder, "timestamp.json"))).toEqual(before);
      rmSync(join(disk, "filler"));
      expect((await room.open({ metadataFolder, floors }).refresh()).floors.targets.version).toBe(3);
    });
  });
});

function restore(files: Record<string, string>): void {
  rmSync(room.metadataFolder, { recursive: true, force: true });
  mkdirSync(room.metadataFolder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(room.metadataFolder, name), text, "latin1");
}

/** The same each time. */
function incompressible(length: number): string {
  let state = 1;
  return Array.from({ length }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return String.fromCharCode(33 + (state % 90));
  }).join("");
}
