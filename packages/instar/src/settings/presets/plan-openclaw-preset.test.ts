import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { found, notFound } from "../finding.ts";
import { parseSettings } from "../parse-settings.ts";
import { planInit } from "../plan-init.ts";
import { renderSettingsFile } from "../render-settings-file.ts";
import { planOpenClawPreset } from "./plan-openclaw-preset.ts";
import type { PresetPlace } from "./preset.ts";
import { readPreset } from "./read-preset.ts";
import { writeSeeds } from "./write-seeds.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "instar-preset-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const place: PresetPlace = {
  folder: "/srv/claw",
  programs: "/opt/instar/bin/openclaw",
  start: "// starts it\n",
  secret: "s3cret",
  isRepository: false,
  isPinned: false,
};
const nothing = notFound("nothing is there");
const detection = {
  name: found("claw", "certain", "e"),
  source: nothing,
  directory: found(".", "certain", "e"),
  start: nothing,
  path: found(["/usr/bin"], "certain", "e"),
  install: nothing,
  build: nothing,
  tests: nothing,
  environmentFile: nothing,
  port: nothing,
  health: nothing,
  state: nothing,
  frontPort: nothing,
  trust: nothing,
};

function settingsOf(answers = {}) {
  const preset = planOpenClawPreset(place);
  const plan = planInit(detection, { ...preset.answers, ...answers });
  if (plan.kind !== "ready") throw new Error(`not ready: ${plan.missing.map(({ because }) => because).join(", ")}`);
  return preset.complete(plan.settings);
}

test("the preset answers everything that instar.yaml needs, and the file says all of it", () => {
  const settings = settingsOf();
  expect(parseSettings(renderSettingsFile(settings, { schema: "s" }), "instar.yaml")).toEqual(parseSettings(JSON.stringify(settings), "instar.yaml"));
  expect(settings).toMatchObject({
    source: { git: "/srv/claw", branch: "main" },
    agent: { start: ["node", "start.mjs"], portVariable: "OPENCLAW_GATEWAY_PORT", environment: { OPENCLAW_SUPERVISOR_MODE: "external" } },
    state: { kind: "exclusive", directory: "state", variable: "OPENCLAW_STATE_DIR" },
    health: { version: { path: "/startupz", at: "/version" } },
    front: { port: 18_789 },
  });
});

test("what the operator says wins, also in the sections that no question asks for", () => {
  const settings = settingsOf({ frontPort: "8080", state: "/srv/state", tests: "none" });
  expect(settings).toMatchObject({ front: { port: 8080, hold: { time: "2m" } }, state: { directory: "/srv/state" } });
  expect(settings.tests).toBeUndefined();
});

test("what judges a release lies in Instar's package, where a release cannot write, and jobs may read it", () => {
  const settings = settingsOf();
  expect(settings.tests).toMatchObject({ command: ["node", "/opt/instar/bin/openclaw/check-install.mjs"], runner: "tap" });
  expect(settings.state?.preflight?.run).toEqual(["node", "/opt/instar/bin/openclaw/preflight.mjs", "{state}"]);
  expect(settings.sandbox?.readable).toEqual(["/opt/instar/bin/openclaw"]);
});

test("what comes next pins a version only where nobody has, and makes a repository only where there is none", () => {
  expect(planOpenClawPreset(place).next.join("\n")).toMatch(/openclaw@latest[\s\S]*git init/);
  expect(planOpenClawPreset({ ...place, isPinned: true, isRepository: true }).next.join("\n")).not.toMatch(/openclaw@latest|git init/);
});

test("seeds are written where nothing is, and no file is ever replaced", async () => {
  await writeFile(join(folder, "package.json"), "mine");
  const { seeds } = await readPreset("openclaw", folder);
  const written = await writeSeeds(folder, seeds);
  expect(written.map((path) => path.slice(folder.length + 1))).toEqual([".gitignore", "start.mjs", "state/openclaw.json"]);
  expect(await readFile(join(folder, "package.json"), "utf8")).toBe("mine");
  expect(await writeSeeds(folder, seeds)).toEqual([]);
  expect((await readdir(folder)).sort()).toEqual([".gitignore", "package.json", "start.mjs", "state"]);
});

test("the token that people log in with is the operator's alone, and another one each time", async () => {
  const [one, two] = await Promise.all([readPreset("openclaw", folder), readPreset("openclaw", folder)]);
  await writeSeeds(folder, one.seeds);
  const config = join(folder, "state/openclaw.json");
  expect((await stat(config)).mode & 0o077).toBe(0);
  expect((await stat(join(folder, "state"))).mode & 0o077).toBe(0);
  expect(JSON.parse(await readFile(config, "utf8")).gateway.auth.token).toMatch(/^[\w-]{32}$/);
  expect(one.seeds.at(-1)?.content).not.toBe(two.seeds.at(-1)?.content);
});

test("a preset that does not exist is refused with those that do", async () => {
  await expect(readPreset("toString", folder)).rejects.toMatchObject({ code: "INPUT_INVALID", advice: expect.stringContaining("openclaw") });
});
