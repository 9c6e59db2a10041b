import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { checkKeyFiles } from "./check-key-files.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "instar-key-files-"));
  path = join(folder, "signers");
  writeFileSync(path, "");
  chmodSync(path, 0o644);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const check = async (writable: string[] = []) => (await checkKeyFiles([{ setting: "source.signers.ssh", path }], writable))[0];

it("a file that only its owner may write is well", async () => expect(await check([join(folder, "state")])).toMatchObject({ verdict: "pass" }));

it("a file that the agent may write is not: it could vouch for itself", async () =>
  expect(await check([folder])).toMatchObject({ verdict: "fail", because: expect.stringContaining("could vouch for itself") }));

it.each([
  ["its group", 0o664],
  ["anybody", 0o646],
])("a file that %s may write is not", async (_, mode) => {
  chmodSync(path, mode);
  expect(await check()).toMatchObject({ verdict: "fail" });
});

it.each(["nothing", "a folder"])("a file that is not there is said: %s is", async (what) => {
  rmSync(path);
  if (what === "a folder") mkdirSync(path);
  expect(await check()).toMatchObject({ verdict: "fail", because: expect.stringContaining("nobody can vouch") });
});
