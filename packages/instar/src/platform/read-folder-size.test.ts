import { closeSync, openSync, writeSync } from "node:fs";
import { link, mkdir, mkdtemp, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readFolderSize, readUnlinkedBytes } from "./read-folder-size.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "instar-size-"));
});
afterEach(async () => rm(folder, { recursive: true }));

test("what lies in a folder is added up, however deep, and nothing that it only points at", async () => {
  await mkdir(join(folder, "deep", "er"), { recursive: true });
  await writeFile(join(folder, "deep", "er", "file"), Buffer.alloc(500_000, 1));
  const before = await readFolderSize(folder);
  expect(before).toBeGreaterThanOrEqual(500_000);
  await symlink("/usr", join(folder, "link"));
  expect(await readFolderSize(folder)).toBeLessThan(before + 10_000);
});

test("a file with two names counts once, and one that is all hole hardly", async () => {
  await writeFile(join(folder, "one"), Buffer.alloc(500_000, 1));
  await link(join(folder, "one"), join(folder, "two"));
  const file = openSync(join(folder, "hole"), "w");
  writeSync(file, "x", 100_000_000);
  closeSync(file);
  expect(await readFolderSize(folder)).toBeLessThan(600_000);
});

test("empty files count, and counting stops when it is enough", async () => {
  for (let number = 0; number < 200; number += 1) await writeFile(join(folder, String(number)), "");
  expect(await readFolderSize(folder)).toBeGreaterThanOrEqual(200 * 512);
  expect(await readFolderSize(folder, 10_000)).toBeLessThan(200 * 512);
});

test("a folder that is not there is empty", async () => {
  expect(await readFolderSize(join(folder, "nowhere"))).toBe(0);
});

test.skipIf(process.platform !== "linux")("a file without a name counts while somebody holds it", async () => {
  const file = openSync(join(folder, "gone"), "w");
  writeSync(file, Buffer.alloc(500_000, 1));
  await unlink(join(folder, "gone"));
  expect(readUnlinkedBytes([process.pid], folder)).toBeGreaterThanOrEqual(500_000);
  closeSync(file);
  expect(readUnlinkedBytes([process.pid], folder)).toBe(0);
});
