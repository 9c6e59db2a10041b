import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openLaunchStatus, sweepLaunches } from "./open-launch-status.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "instar-launch-"));
});
afterEach(async () => rm(folder, { recursive: true }));

test("a launch that left no word was none, and removing it twice is fine", async () => {
  const status = openLaunchStatus(folder);
  expect(await status.says("started")).toBe(false);
  await writeFile(status.path, "started\n");
  expect(await status.says("started")).toBe(true);
  await status.remove();
  await status.remove();
  expect(await readdir(folder)).toEqual([]);
});

test("a sweep takes what a dead daemon left, and nothing of this one's or of anybody's else", async () => {
  const mine = openLaunchStatus(folder);
  for (const path of [mine.path, join(folder, "launch-999999-ab"), join(folder, "passwd")]) await writeFile(path, "");
  await mkdir(join(folder, "trial-999999-ab", "scratch"), { recursive: true });
  await sweepLaunches(folder);
  expect((await readdir(folder)).map((name) => join(folder, name)).sort()).toEqual([mine.path, join(folder, "passwd")].sort());
});
