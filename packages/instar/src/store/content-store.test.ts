import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { acquireExclusiveLock } from "../platform/exclusive-lock.ts";
import { type ContentStore, openContentStore } from "./content-store.ts";
import type { Digest } from "./pack-format.ts";
import { SimulatedFiles } from "./simulated-files.testing.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "instar-store-"));
});
afterEach(() => rmSync(home, { recursive: true }));

const open = () => openContentStore({ folder: home });
const packs = () => readdirSync(join(home, "packs"));
const packAt = (number: number) => join(home, "packs", packs().sort()[number] ?? "");

function keep(store: ContentStore, blobs: readonly Buffer[]): Promise<Digest[]> {
  return store.write(async (writer) => {
    const digests = [];
    for (const blob of blobs) digests.push(await writer.add(blob));
    await writer.flush();
    return digests;
  });
}

test("what was added is read back, each once, also by who opens it later", async () => {
  const small = Array.from({ length: 500 }, (_, number) => Buffer.from(`${number} `.repeat(number % 90)));
  const blobs = [...small, ...small, randomBytes(3_000_000), Buffer.alloc(3_000_000, "text"), randomBytes(140_000), Buffer.alloc(0)];
  const digests = await keep(open(), blobs);
  const later = open();
  for (const [number, digest] of digests.entries()) expect(later.read(digest).equals(blobs[number] as Buffer)).toBe(true);
  const sizeBytes = later.readSizeBytes();
  expect(sizeBytes).toBeLessThan(3_400_000);
  await keep(later, blobs);
  expect(later.readSizeBytes()).toBe(sizeBytes);
});

test("what was not flushed is not there, and leaves nothing", async () => {
  const store = open();
  await store.write(async (writer) => {
    await writer.add(randomBytes(500_000));
  });
  expect(packs()).toEqual([]);
  const digest = await store.write((writer) => writer.add(Buffer.from("one")));
  expect(store.has(digest)).toBe(false);
});

test("after a refused write nothing is kept, also where the caller goes on", async () => {
  const files = new SimulatedFiles();
  const store = openContentStore({ folder: home, files });
  // Created, its head written; the frame is refused.
  files.plan({ number: 2, code: "ENOSPC", mode: "failed" });
  await store.write(async (writer) => {
    await expect(writer.addAlone(randomBytes(1_000))).rejects.toMatchObject({ code: "ENOSPC" });
    await expect(writer.addAlone(randomBytes(1_000))).rejects.toMatchObject({ code: "ENOSPC" });
    await expect(writer.flush()).rejects.toMatchObject({ code: "ENOSPC" });
  });
  expect(packs()).toEqual([]);
});

test("a flipped byte is found by the next read, and damages what it lies in and nothing else", async () => {
  const blobs = [randomBytes(200_000), randomBytes(200_000), ...Array.from({ length: 20 }, () => randomBytes(5_000))];
  const digests = await keep(open(), blobs);
  const bytes = readFileSync(packAt(0));
  const at = bytes.indexOf((blobs[5] as Buffer).subarray(0, 64));
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(packAt(0), bytes);
  const store = open();
  for (const [number, digest] of digests.entries())
    if (number === 5) expect(() => store.read(digest)).toThrow(expect.objectContaining({ code: "DATA_DAMAGED" }));
    else expect(store.read(digest).equals(blobs[number] as Buffer)).toBe(true);
});

test("a pack with a torn end, or a damaged table, loses its own blobs and no others; who has them stores them anew", async () => {
  for (const damage of ["torn", "flipped"] as const) {
    rmSync(join(home, "packs"), { recursive: true, force: true });
    const [first = ""] = await keep(open(), [randomBytes(1_000)]);
    const before = packs();
    const lost = randomBytes(1_000);
    const [second = ""] = await keep(open(), [lost]);
    const path = join(home, "packs", packs().find((name) => !before.includes(name)) ?? "");
    const bytes = readFileSync(path);
    if (damage === "torn") truncateSync(path, bytes.length - 10);
    else writeFileSync(path, Buffer.concat([bytes.subarray(0, -60), Buffer.of((bytes.at(-60) ?? 0) ^ 1), bytes.subarray(-59)]));
    const store = open();
    expect([store.has(first), store.has(second)]).toEqual([true, false]);
    expect(() => store.read(second)).toThrow(expect.objectContaining({ code: "DATA_DAMAGED" }));
    expect(await store.sweep(async () => new Set([first, second]))).toMatchObject({ missing: [second], removedPacks: 0 });
    await keep(store, [lost]);
    expect(store.read(second).equals(lost)).toBe(true);
    // Nothing is missed any more, so nothing in it can be needed.
    expect(await store.sweep(async () => new Set([first, second]))).toMatchObject({ missing: [], removedPacks: 1 });
  }
});

test("a blob that is damaged in one pack is read from another that has it too, whichever is found first", async () => {
  const blob = randomBytes(1_000);
  const store = open();
  const [digest = ""] = await keep(store, [blob]);
  store.forget(digest);
  await keep(store, [blob]);
  for (const number of [0, 1]) {
    const whole = readFileSync(packAt(number));
    writeFileSync(packAt(number), Buffer.concat([whole.subarray(0, 8), Buffer.of((whole[8] ?? 0) ^ 1), whole.subarray(9)]));
    expect(open().read(digest).equals(blob)).toBe(true);
    writeFileSync(packAt(number), whole);
  }
});

test("a blob that was found damaged counts as missing, and is stored anew", async () => {
  const blob = randomBytes(1_000);
  const store = open();
  const [digest = ""] = await keep(store, [blob]);
  store.forget(digest);
  expect(store.has(digest)).toBe(false);
  await keep(store, [blob]);
  expect(packs().length).toBe(2);
  expect(store.read(digest).equals(blob)).toBe(true);
});

describe("who may write", () => {
  test("writers of one process go side by side, and another process is refused", async () => {
    const store = open();
    await store.write(async (first) => {
      await first.add(Buffer.from("a"));
      const [digest = ""] = await keep(store, [Buffer.from("b")]);
      expect(store.read(digest).toString()).toBe("b");
      await expect(keep(open(), [Buffer.from("c")])).rejects.toMatchObject({ code: "CONFLICT", facts: { pid: process.pid } });
      await first.flush();
    });
    await keep(open(), [Buffer.from("c")]);
  });

  test("what a killed writer left is removed by the next, and not while somebody writes", async () => {
    await keep(open(), [Buffer.from("a")]);
    const left = join(home, "packs", `.tmp-${"0".repeat(24)}.pack`);
    writeFileSync(left, "half");
    const lock = await acquireExclusiveLock(join(home, "lock"));
    await expect(keep(open(), [Buffer.from("b")])).rejects.toMatchObject({ code: "CONFLICT" });
    expect(readFileSync(left, "utf8")).toBe("half");
    lock?.release();
    await keep(open(), [Buffer.from("b")]);
    expect(packs().filter((name) => name.startsWith("."))).toEqual([]);
  });

  test("a sweep waits for who writes, and gives way to who comes", async () => {
    const store = open();
    const blobs = Array.from({ length: 3 }, () => randomBytes(1_000));
    const digests = await keep(store, blobs);
    await keep(store, [Buffer.from("unwanted")]);
    const order: string[] = [];
    let sweeping: Promise<unknown> = Promise.resolve();
    await store.write(async (writer) => {
      sweeping = store.sweep(async () => new Set([digests[0] ?? ""])).then(({ isDone }) => order.push(`swept ${isDone}`));
      await writer.add(Buffer.from("written"));
      await writer.flush();
      order.push("written");
    });
    await Promise.all([sweeping, keep(store, [Buffer.from("later")]).then(() => order.push("later"))]);
    expect(order).toEqual(["written", "swept false", "later"]);
    expect(store.read(digests[0] ?? "").equals(blobs[0] as Buffer)).toBe(true);
    expect(await store.sweep(async () => new Set([digests[0] ?? ""]))).toMatchObject({ isDone: true, missing: [] });
    expect(packs().length).toBe(1);
  });
});

describe("a sweep", () => {
  test("removes packs that hold nothing wanted, rewrites those that hold little, and leaves the others alone", async () => {
    const store = open();
    const [dead, sparse, dense] = [[randomBytes(9_000)], [randomBytes(9_000), randomBytes(1_000)], [randomBytes(9_000), randomBytes(1_000)]];
    await keep(store, dead);
    const [, little = ""] = await keep(store, sparse);
    const before = new Set(packs());
    const [most = ""] = await keep(store, dense);
    const untouched = packs().find((name) => !before.has(name));
    expect(await store.sweep(async () => new Set([little, most]))).toMatchObject({ removedPacks: 1, rewrittenPacks: 1, missing: [], isDone: true });
    expect(packs().length).toBe(2);
    expect(packs()).toContain(untouched);
    expect(
      open()
        .read(little)
        .equals(sparse[1] as Buffer),
    ).toBe(true);
    expect(
      open()
        .read(most)
        .equals(dense[0] as Buffer),
    ).toBe(true);
  });

  test("puts small packs together once there are many", async () => {
    const store = open();
    const blobs = Array.from({ length: 66 }, () => randomBytes(100));
    const digests: Digest[] = [];
    for (const blob of blobs) digests.push(...(await keep(store, [blob])));
    await store.sweep(async () => new Set(digests));
    expect(packs().length).toBe(1);
    for (const [number, digest] of digests.entries())
      expect(
        open()
          .read(digest)
          .equals(blobs[number] as Buffer),
      ).toBe(true);
  });

  test("leaves a pack of which a wanted blob reads wrong", async () => {
    const [little, much] = [randomBytes(1_000), randomBytes(9_000)];
    const [digest = ""] = await keep(open(), [little, much]);
    const bytes = readFileSync(packAt(0));
    bytes[8] = (bytes[8] ?? 0) ^ 1;
    writeFileSync(packAt(0), bytes);
    expect(await open().sweep(async () => new Set([digest]))).toMatchObject({ rewrittenPacks: 0, removedPacks: 0 });
    expect(packs().length).toBe(1);
  });

  test("killed at any point loses nothing, and the next one finishes", async () => {
    for (let point = 0; ; point += 1) {
      rmSync(join(home, "packs"), { recursive: true, force: true });
      const files = new SimulatedFiles();
      const life = () => openContentStore({ folder: home, files });
      const [kept, others] = [randomBytes(1_000), [randomBytes(9_000), randomBytes(2_000)]];
      const [digest = ""] = await keep(life(), [kept, ...others]);
      await keep(life(), [randomBytes(500)]);
      files.crash.plan(point);
      await life()
        .sweep(async () => new Set([digest]))
        .catch(() => {});
      const wasKilled = files.crash.isDead;
      files.crash.restart();
      expect(life().read(digest).equals(kept)).toBe(true);
      expect(await life().sweep(async () => new Set([digest]))).toMatchObject({ missing: [], isDone: true });
      expect(packs().length).toBe(1);
      expect(life().read(digest).equals(kept)).toBe(true);
      if (!wasKilled) return expect(point).toBeGreaterThan(5);
    }
  });
});
