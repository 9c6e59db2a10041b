import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readEnvironmentFile } from "./read-environment-file.ts";
import { readSettings } from "./read-settings.ts";

const GOOD = "version: 1\nname: ana\nsource: { git: ../x }\nagent: { start: node a.js }\nfront: { port: 3000 }\nstate: { kind: none }\n";
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "instar-settings-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("settings are read from the folder, with the digest of the file's bytes", async () => {
  await writeFile(join(folder, "instar.yaml"), GOOD);
  const read = await readSettings(folder);
  expect(read).toMatchObject({ path: join(folder, "instar.yaml"), folder, digest: createHash("sha256").update(GOOD).digest("hex") });
  expect(read.settings.name).toBe("ana");
});

test("settings are found from a folder below, and the nearest wins", async () => {
  await mkdir(join(folder, "a", "b"), { recursive: true });
  await writeFile(join(folder, "instar.yaml"), GOOD);
  expect((await readSettings(join(folder, "a", "b"))).folder).toBe(folder);
  await writeFile(join(folder, "a", "instar.yaml"), GOOD.replace("ana", "near"));
  expect((await readSettings(join(folder, "a", "b"))).settings.name).toBe("near");
});

test("where there are none, the advice is instar init", async () => {
  await expect(readSettings(folder)).rejects.toMatchObject({ code: "SETTINGS_MISSING", advice: expect.stringContaining("instar init") });
});

test("a mistaken file is refused and no parent is asked instead", async () => {
  await mkdir(join(folder, "a"));
  await writeFile(join(folder, "instar.yaml"), GOOD);
  await writeFile(join(folder, "a", "instar.yaml"), "- 1\n");
  await expect(readSettings(join(folder, "a"))).rejects.toMatchObject({ code: "SETTINGS_INVALID" });
});

test("a folder, a pipe, a huge file and bytes that are no text are refused without waiting", async () => {
  const path = join(folder, "instar.yaml");
  await mkdir(path);
  await expect(readSettings(folder)).rejects.toMatchObject({ code: "SETTINGS_INVALID", message: expect.stringContaining("not a plain file") });
  await rm(path, { recursive: true });
  execFileSync("mkfifo", [path]);
  await expect(readSettings(folder)).rejects.toMatchObject({ code: "SETTINGS_INVALID", message: expect.stringContaining("not a plain file") });
  await rm(path);
  await writeFile(path, "#".repeat(300_000));
  await expect(readSettings(folder)).rejects.toMatchObject({ code: "SETTINGS_INVALID", message: expect.stringContaining("256 KiB") });
  await writeFile(path, Buffer.concat([Buffer.from("name: "), Buffer.from([0xff, 0xfe])]));
  await expect(readSettings(folder)).rejects.toMatchObject({ code: "SETTINGS_INVALID", message: expect.stringContaining("UTF-8") });
});

test("an environment file is read, and a missing one is a mistake in the settings", async () => {
  await writeFile(join(folder, ".env"), "TOKEN=abc\n");
  expect(await readEnvironmentFile(join(folder, ".env"))).toEqual({ TOKEN: "abc" });
  await expect(readEnvironmentFile(join(folder, "none.env"))).rejects.toMatchObject({ code: "SETTINGS_INVALID", message: expect.stringContaining("none.env") });
});
