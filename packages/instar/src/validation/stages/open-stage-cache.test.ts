import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StageResult } from "@instar/protocol";
import { describe, expect, it } from "vitest";
import { openStageCache } from "./open-stage-cache.ts";
import { type CacheKeyParts, planCacheKey } from "./plan-cache-key.ts";
import type { PlannedStage } from "./planned-stage.ts";

const stage: PlannedStage = {
  stage: "unit_tests",
  gate: "required",
  isWritten: true,
  withinMs: 60_000,
  hasBuiltIn: false,
  tests: { command: "npm test", runner: "auto", report: undefined, coverage: 80, retries: 1, flaky: "reported", leftBehind: "refused" },
};
const pass: StageResult = {
  stage: "unit_tests",
  gate: "required",
  verdict: "pass",
  because: "2 tests passed in 1 s",
  runner: "node",
  counts: { total: 2, passed: 2, failed: 0, skipped: 0 },
  coverage: 91,
  failing: [],
  flaky: [],
  durationMs: 1_000,
  cached: false,
};

async function withFolder(act: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "instar-stage-cache-"));
  try {
    await act(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

describe("the cache of stages", () => {
  it("gives back what it was given, to another that opens it too", () =>
    withFolder(async (folder) => {
      await openStageCache(join(folder, "new"), () => "a").keep(stage, pass);
      expect(await openStageCache(join(folder, "new"), () => "a").find(stage)).toEqual(pass);
      expect(await openStageCache(join(folder, "new"), () => "b").find(stage)).toBeUndefined();
    }));

  it("keeps passes only", () =>
    withFolder(async (folder) => {
      const cache = openStageCache(folder, () => "a");
      for (const verdict of ["fail", "nodata", "inconclusive", "error"] as const) await cache.keep(stage, { ...pass, verdict });
      await openStageCache(folder, () => undefined).keep(stage, pass);
      expect(await readdir(folder)).toEqual([]);
    }));

  it("has nothing where a file is damaged, says no pass, or is another's", () =>
    withFolder(async (folder) => {
      const cache = openStageCache(folder, () => "a");
      const whole = JSON.stringify({ format: 1, key: "a", result: pass });
      for (const text of [
        "",
        whole.slice(0, -5),
        "null",
        whole.replace('"a"', '"b"'),
        whole.replace('"pass"', '"fail"'),
        whole.replace('"format":1', '"format":2'),
      ]) {
        await writeFile(join(folder, "a.json"), text);
        expect(await cache.find(stage)).toBeUndefined();
      }
      await writeFile(join(folder, "a.json"), whole);
      expect(await cache.find(stage)).toEqual(pass);
    }));

  it("costs no update where it cannot be written", () =>
    withFolder(async (folder) => {
      await writeFile(join(folder, "file"), "");
      const cache = openStageCache(join(folder, "file"), () => "a");
      await cache.keep(stage, pass);
      expect(await cache.find(stage)).toBeUndefined();
    }));

  it("forgets the oldest", () =>
    withFolder(async (folder) => {
      for (let at = 0; at < 505; at += 1) {
        await writeFile(join(folder, `${at}.json`), "{}");
        await utimes(join(folder, `${at}.json`), 1_000 + at, 1_000 + at);
      }
      await openStageCache(folder, () => "fresh").keep(stage, pass);
      const names = await readdir(folder);
      expect(names).toHaveLength(500);
      expect(names).toContain("fresh.json");
      expect(names).not.toContain("5.json");
    }));
});

describe("the key of a stage", () => {
  const parts: CacheKeyParts = {
    releaseDigest: "abc",
    stage,
    environment: { A: "1", B: "2" },
    sandbox: { name: "bubblewrap", network: "private", least: ["files", "network"] },
    runtimes: "node 24",
  };
  const key = planCacheKey(parts);
  const tests = stage.tests as NonNullable<PlannedStage["tests"]>;

  for (const [what, changed] of [
    ["the release", { releaseDigest: "abd" }],
    ["the command", { stage: { ...stage, tests: { ...tests, command: "npm run test" } } }],
    ["the same words as a list", { stage: { ...stage, tests: { ...tests, command: ["npm test"] } } }],
    ["the runner", { stage: { ...stage, tests: { ...tests, runner: "exit-status" } } }],
    ["the coverage", { stage: { ...stage, tests: { ...tests, coverage: 81 } } }],
    ["how flaky tests are taken", { stage: { ...stage, tests: { ...tests, flaky: "refused" } } }],
    ["the report", { stage: { ...stage, tests: { ...tests, report: "a.xml" } } }],
    ["the stage", { stage: { ...stage, stage: "old_tests" } }],
    ["the environment", { environment: { A: "1", B: "3" } }],
    ["the sandbox", { sandbox: { ...parts.sandbox, name: "none" } }],
    ["its network", { sandbox: { ...parts.sandbox, network: "host" } }],
    ["the least that is asked of it", { sandbox: { ...parts.sandbox, least: ["files"] } }],
    ["the runtimes", { runtimes: "node 26" }],
  ] satisfies [string, Partial<CacheKeyParts>][])
    it(`is another for another: ${what}`, () => expect(planCacheKey({ ...parts, ...changed })).not.toBe(key));

  it("is the same whatever the order, and whatever is then made of the result", () => {
    expect(planCacheKey({ ...parts, environment: { B: "2", A: "1" }, sandbox: { ...parts.sandbox, least: ["network", "files"] } })).toBe(key);
    expect(planCacheKey({ ...parts, stage: { ...stage, gate: "advisory" } })).toBe(key);
  });
});
