import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ARCHIVE_LIMITS } from "./archive-chunks.ts";
import { makeTgz } from "./make-archive.testing.ts";
import { readArchive } from "./read-archive.ts";

let folder: string;
let question: Parameters<typeof readArchive>[0];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "instar-read-archive-"));
  const tarball = join(folder, "a.tgz");
  writeFileSync(tarball, makeTgz(["a", "b", "c"].map((path) => ({ path, body: path }))));
  question = { tarball, limits: ARCHIVE_LIMITS };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** As a slow disk takes it: the entry is read to its end long before it is written. */
const takeSlowly = async (entry: Parameters<Parameters<typeof readArchive>[1]>[0], forMs: number) => {
  await new Promise((resolve) => entry.on("end", () => resolve(undefined)).resume());
  await pause(forMs);
};

it("ends when every entry was taken, in order and one at a time, however slow the first is", async () => {
  const heard: string[] = [];
  await readArchive(question, async (entry) => {
    heard.push(`${entry.path} begins`);
    await takeSlowly(entry, entry.path === "a" ? 100 : 0);
    heard.push(`${entry.path} ends`);
  });
  expect(heard).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
});

it("a full disk that is noticed late, while the archive is at its end, is told", async () => {
  const full = Object.assign(new Error("no space"), { code: "ENOSPC" });
  const reading = readArchive(question, async (entry) => {
    await takeSlowly(entry, entry.path === "a" ? 100 : 0);
    if (entry.path === "a") throw full;
  });
  await expect(reading).rejects.toBe(full);
});

it("what is stopped while an entry waits takes no further one", async () => {
  const stop = new AbortController();
  const heard: string[] = [];
  const reading = readArchive({ ...question, signal: stop.signal }, async (entry) => {
    heard.push(entry.path);
    stop.abort(new Error("enough"));
    await takeSlowly(entry, 0);
  });
  await expect(reading).rejects.toThrow("enough");
  expect(heard).toEqual(["a"]);
});
