import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { compareConfig } from "./compare-config.ts";
import { putBackConfigFile } from "./put-back-config.ts";

let home: string;
const kept = () => join(home, "kept");
const now = () => join(home, "now");
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "instar-config-"));
  mkdirSync(join(now(), "prompts"), { recursive: true });
  writeFileSync(join(now(), "same.yaml"), "same");
  writeFileSync(join(now(), "changed.yaml"), "before");
  chmodSync(join(now(), "changed.yaml"), 0o640);
  writeFileSync(join(now(), "prompts", "removed.md"), "text");
  symlinkSync("same.yaml", join(now(), "link"));
  cpSync(now(), kept(), { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  writeFileSync(join(now(), "changed.yaml"), "after");
  writeFileSync(join(now(), "new.yaml"), "new");
  rmSync(join(now(), "prompts"), { recursive: true });
  unlinkSync(join(now(), "link"));
  symlinkSync("changed.yaml", join(now(), "link"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

it("names what was changed, removed and made since, and nothing else", async () =>
  expect(
    (await compareConfig(kept(), now())).map(({ path, kept: has, now: is }) => [path.slice(now().length + 1), has !== undefined, is !== undefined]),
  ).toEqual([
    ["changed.yaml", true, true],
    ["link", true, true],
    ["new.yaml", false, true],
    ["prompts/removed.md", true, false],
  ]));

it("puts each back as it was, and does so again from wherever it was killed", async () => {
  for (const file of (await compareConfig(kept(), now())).slice(0, 2)) await putBackConfigFile(file);
  for (const file of await compareConfig(kept(), now())) await putBackConfigFile(file);
  expect(await compareConfig(kept(), now())).toEqual([]);
  expect(readdirSync(now()).toSorted()).toEqual(["changed.yaml", "link", "prompts", "same.yaml"]);
  expect(readFileSync(join(now(), "changed.yaml"), "utf8")).toBe("before");
  expect(statSync(join(now(), "changed.yaml")).mode & 0o777).toBe(0o640);
  expect(readlinkSync(join(now(), "link"))).toBe("same.yaml");
});

it("compares one file with one file, and with none", async () => {
  expect(await compareConfig(join(kept(), "same.yaml"), join(now(), "same.yaml"))).toEqual([]);
  expect(await compareConfig(join(kept(), "same.yaml"), join(now(), "gone"))).toMatchObject([{ path: join(now(), "gone"), now: undefined }]);
});
