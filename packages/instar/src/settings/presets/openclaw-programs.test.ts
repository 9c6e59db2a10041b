import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const PROGRAMS = fileURLToPath(new URL("../../../bin/openclaw/", import.meta.url));
const DIST = "node_modules/openclaw/dist";

/** Stands in for OpenClaw's CLI: as far as the programs ask it anything. It knows schema 17. */
const CLI = `
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
const [area, verb, file] = process.argv.slice(2);
if (area === "--version") console.log("OpenClaw 2026.9.5 (abcdef0)");
if (area === "database") {
  const found = new DatabaseSync(file, { readOnly: true }).prepare("PRAGMA user_version").get().user_version;
  console.log(JSON.stringify({ status: found === 17 ? "exact" : found < 17 ? "migration-required" : "incompatible", foundVersion: found, targetVersion: 17 }, null, 2));
  process.exit(found > 17 ? 1 : 0);
}
if (area === "backup" && verb === "create") {
  const archivePath = join(process.argv[process.argv.indexOf("--output") + 1], "archive");
  cpSync(process.env.OPENCLAW_STATE_DIR, archivePath, { recursive: true });
  console.log(JSON.stringify({ archivePath }));
}
if (area === "backup" && verb === "restore") {
  const target = process.argv[process.argv.indexOf("--target") + 1];
  mkdirSync(join(target, "root/payload"), { recursive: true });
  cpSync(file, join(target, "root/payload/state"), { recursive: true });
  writeFileSync(join(target, "root/manifest.json"), JSON.stringify({ assets: [{ kind: "state", sourcePath: process.env.OPENCLAW_STATE_DIR, archivePath: "root/payload/state" }] }));
  console.log(JSON.stringify({ archiveRoot: "root" }));
}
`;

let tree: string;
beforeEach(() => {
  tree = mkdtempSync(join(tmpdir(), "instar-openclaw-"));
  const files = {
    "package-lock.json": JSON.stringify({
      packages: {
        "": {},
        "node_modules/openclaw": { version: "2026.9.5" },
        "node_modules/late": { version: "1.0.0" },
        "node_modules/other-platform": { version: "1.0.0", optional: true },
      },
    }),
    "node_modules/late/package.json": '{"version":"1.0.0"}',
    "node_modules/openclaw/package.json": '{"version":"2026.9.5","type":"module","openclaw":{"schemaVersions":{"state":17,"agent":21}}}',
    "node_modules/openclaw/openclaw.mjs": CLI,
    [`${DIST}/entry.js`]: 'import("./chunk-Ab12_-9z.js"); // an example: import("./gone.js")\n',
    [`${DIST}/chunk-Ab12_-9z.js`]: "export const late = 1;\n",
    [`${DIST}/notice.txt`]: "read by nobody's import\n",
    [`${DIST}/postinstall-inventory.json`]: JSON.stringify(["dist/entry.js", "dist/chunk-Ab12_-9z.js", "dist/notice.txt"]),
  };
  for (const [path, text] of Object.entries(files)) put(path, text);
});
afterEach(() => rmSync(tree, { recursive: true, force: true }));

function put(path: string, text: string): void {
  mkdirSync(dirname(join(tree, path)), { recursive: true });
  writeFileSync(join(tree, path), text);
}

function run(program: string, args: string[] = [], environment: Record<string, string> = {}) {
  mkdirSync(join(tree, "tmp"), { recursive: true });
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--disable-warning=ExperimentalWarning", join(PROGRAMS, program), ...args], {
    cwd: tree,
    encoding: "utf8",
    env: { TMPDIR: join(tree, "tmp"), ...environment },
  });
  return { status, stdout, stderr };
}

function makeDatabase(path: string, version: number): DatabaseSync {
  mkdirSync(dirname(path), { recursive: true });
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA journal_mode = WAL; CREATE TABLE jobs(name TEXT); INSERT INTO jobs VALUES ('nightly'); PRAGMA user_version = ${version}`);
  return database;
}

describe("whether an installation is whole", () => {
  test("a whole one passes, and what only other platforms need is not missed", () => {
    expect(run("check-install.mjs")).toMatchObject({ status: 0, stdout: expect.stringMatching(/^TAP version 13\n1\.\.4\n(ok \d - .*\n){4}$/) });
  });

  test.each([`${DIST}/chunk-Ab12_-9z.js`, `${DIST}/notice.txt`])("without %s it fails, and the file is named", (path) => {
    unlinkSync(join(tree, path));
    expect(run("check-install.mjs")).toMatchObject({ status: 1, stdout: expect.stringMatching(new RegExp(`^not ok 2 .*${path}`, "m")) });
  });

  test("an emptied file is a missing one", () => {
    put(`${DIST}/chunk-Ab12_-9z.js`, "");
    expect(run("check-install.mjs").status).toBe(1);
  });

  test("a chunk that is also taken out of the inventory is missed by what imports it", () => {
    unlinkSync(join(tree, DIST, "chunk-Ab12_-9z.js"));
    put(`${DIST}/postinstall-inventory.json`, JSON.stringify(["dist/entry.js"]));
    expect(run("check-install.mjs").stdout).toMatch(/^ok 2[\s\S]*^not ok 3 .*chunk-Ab12_-9z\.js/m);
  });

  test("without an inventory nothing has been shown, so it fails", () => {
    unlinkSync(join(tree, DIST, "postinstall-inventory.json"));
    expect(run("check-install.mjs").stdout).toMatch(/^not ok 2/m);
  });

  test("another version than the pinned one, and a package that is not there, fail", () => {
    put("node_modules/openclaw/openclaw.mjs", 'console.log("OpenClaw 2026.8.2 (0965053)")');
    unlinkSync(join(tree, "node_modules/late/package.json"));
    expect(run("check-install.mjs").stdout).toMatch(/^not ok 1 .*node_modules\/late 1\.0\.0 \(missing\)[\s\S]*^not ok 4 .*says 2026\.8\.2/m);
  });
});

describe("whether it can run on a state", () => {
  test.each([
    [17, 21, "exact"],
    [15, 19, "migration-required"],
    [17, 19, "migration-required"],
    [18, 21, "incompatible"],
    [17, 22, "incompatible"],
  ])("shared schema %i and agent schema %i: %s", (shared, agent, status) => {
    makeDatabase(join(tree, "state/state/openclaw.sqlite"), shared).close();
    makeDatabase(join(tree, "state/agents/main/agent/openclaw-agent.sqlite"), agent).close();
    expect(JSON.parse(run("preflight.mjs", [join(tree, "state")]).stdout)).toMatchObject({ status });
  });

  test("what stands only in the write-ahead log is judged too, and the state is not touched", () => {
    const path = join(tree, "state/state/openclaw.sqlite");
    const open = makeDatabase(path, 18);
    const before = readdirSync(dirname(path)).map((name) => [name, readFileSync(join(dirname(path), name)).length]);
    expect(JSON.parse(run("preflight.mjs", [join(tree, "state")]).stdout)).toMatchObject({ status: "incompatible" });
    expect(readdirSync(dirname(path)).map((name) => [name, readFileSync(join(dirname(path), name)).length])).toEqual(before);
    open.close();
    expect(readdirSync(join(tree, "tmp"))).toEqual([]);
  });

  test("a state without databases is no obstacle; a preflight that breaks is no answer", () => {
    expect(JSON.parse(run("preflight.mjs", [join(tree, "state")]).stdout)).toMatchObject({ status: "exact" });
    makeDatabase(join(tree, "state/state/openclaw.sqlite"), 17).close();
    put("node_modules/openclaw/openclaw.mjs", 'throw new Error("broken")');
    expect(JSON.parse(run("preflight.mjs", [join(tree, "state")]).stdout)).toMatchObject({ status: "indeterminate" });
  });
});

describe("a quiet copy by its own backup", () => {
  test("fills the folder with the state, and leaves nothing else behind", () => {
    makeDatabase(join(tree, "state/state/openclaw.sqlite"), 17).close();
    mkdirSync(join(tree, "copy"));
    expect(run("copy-state.mjs", [join(tree, "copy")], { OPENCLAW_STATE_DIR: join(tree, "state") })).toMatchObject({ status: 0 });
    expect(readdirSync(join(tree, "copy/state"))).toContain("openclaw.sqlite");
    expect(readdirSync(join(tree, "tmp"))).toEqual([]);
  });

  test("a backup that fails is a copy that fails, in its own words", () => {
    put("node_modules/openclaw/openclaw.mjs", 'console.error("no space left"); process.exit(1)');
    expect(run("copy-state.mjs", [join(tree, "copy")], { OPENCLAW_STATE_DIR: join(tree, "state") })).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("no space left"),
    });
  });
});
