import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm, stat, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ensureReserve, freeReserve, readFreeBytes } from "./disk-space.ts";
import { describeTinyDisk, withTinyDisk } from "./tiny-disk.testing.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "instar-space-"));
});
afterEach(async () => rm(folder, { recursive: true }));

test("free space is told for a path that does not exist yet", async () => {
  expect(await readFreeBytes(join(folder, "not", "yet"))).toBeGreaterThan(0);
});

test("a reserve really occupies its blocks, also where an empty one lay", async () => {
  const path = join(folder, "reserve");
  await ensureReserve(path, 3_000_000);
  expect((await stat(path)).blocks * 512).toBeGreaterThanOrEqual(3_000_000);
  await truncate(path, 0);
  await truncate(path, 3_000_000);
  await ensureReserve(path, 3_000_000);
  expect((await stat(path)).blocks * 512).toBeGreaterThanOrEqual(3_000_000);
  const before = (await stat(path)).mtimeMs;
  await ensureReserve(path, 3_000_000);
  expect((await stat(path)).mtimeMs).toBe(before);
});

test("freeing twice is fine", async () => {
  const path = join(folder, "reserve");
  await ensureReserve(path, 1_000);
  await freeReserve(path);
  await freeReserve(path);
  expect(existsSync(path)).toBe(false);
});

test.skipIf(describeTinyDisk() !== undefined)("a reserve that does not fit is refused and occupies nothing; freed, its space can be used", async () => {
  await withTinyDisk(8, async (disk) => {
    const path = join(disk, "reserve");
    await expect(ensureReserve(path, 20_000_000)).rejects.toMatchObject({ code: "DISK_FULL" });
    expect(await readdir(disk)).toEqual([]);
    const before = await readFreeBytes(disk);
    await ensureReserve(path, 6_000_000);
    expect(await readFreeBytes(disk)).toBeLessThanOrEqual(before - 6_000_000);
    await freeReserve(path);
    expect(await readFreeBytes(disk)).toBe(before);
  });
});
