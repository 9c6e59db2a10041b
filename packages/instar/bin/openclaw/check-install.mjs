// `node check-install.mjs`, in a release's folder: is the installed OpenClaw whole? Prints TAP, exits 1 if anything is missing. Reads only, needs no
// network. OpenClaw loads most of its code when it is first needed, so a missing file shows in no start, no version and no health page.
// Plain JavaScript without dependencies: it runs on the agent's Node, in the sandbox.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

const HOME = join("node_modules", "openclaw");
const INVENTORY = join(HOME, "dist", "postinstall-inventory.json");
const NAMED = 5;
/** The bundler's own chunks, whose names carry a hash of what is in them: any other text that looks like an import may be an example. */
const IMPORTS = /\b(?:from|import)\s*\(?\s*["'`](\.{1,2}\/[^"'`\n]*-[\w-]{8}\.[cm]?js)["'`]/g;

const checks = {
  "every package that package-lock.json pins is installed, in that version": findUninstalled,
  "every file of OpenClaw's own inventory is there": findUnlisted,
  "every file that OpenClaw's code imports is there": findUnresolved,
  "it starts and says the version that is pinned": findWrongVersion,
};

let failed = 0;
process.stdout.write(`TAP version 13\n1..${Object.keys(checks).length}\n`);
for (const [index, [name, find]] of Object.entries(checks).entries()) {
  const missing = attempt(find);
  if (missing.length > 0) failed += 1;
  process.stdout.write(`${missing.length === 0 ? "ok" : "not ok"} ${index + 1} - ${name}${missing.length === 0 ? "" : `: ${renderMissing(missing)}`}\n`);
}
process.exitCode = failed === 0 ? 0 : 1;

/** What cannot be looked at is not whole. */
function attempt(find) {
  try {
    return find();
  } catch (error) {
    return [String(error.message)];
  }
}

function renderMissing(missing) {
  const more = missing.length > NAMED ? `, and ${missing.length - NAMED} more` : "";
  return `${missing.slice(0, NAMED).join(", ")}${more}`.replaceAll(/[\n#]/g, " ");
}

function findUninstalled() {
  const { packages } = readJson("package-lock.json");
  return Object.entries(packages).flatMap(([path, { version, optional, devOptional, dev, link }]) => {
    if (path === "" || link || dev || optional || devOptional) return [];
    const manifest = join(path, "package.json");
    const installed = existsSync(manifest) ? readJson(manifest).version : "missing";
    return installed === version ? [] : [`${path} ${version} (${installed})`];
  });
}

/** The list that the package brings with it. A version that brings none has not been shown to be whole. */
function findUnlisted() {
  const listed = readJson(INVENTORY);
  if (!Array.isArray(listed) || listed.length === 0) throw new Error(`${INVENTORY} is no list of files`);
  return listed.map((path) => join(HOME, path)).filter(isMissing);
}

/** Notices it also where the inventory was changed together with the files. */
function findUnresolved() {
  const missing = new Set();
  for (const path of listModules(join(HOME, "dist")))
    for (const wanted of readImports(path)) if (isMissing(wanted)) missing.add(`${wanted} (wanted by ${path})`);
  return [...missing];
}

function listModules(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.[cm]?js$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

function* readImports(path) {
  for (const [, wanted] of readFileSync(path, "utf8").matchAll(IMPORTS)) yield join(dirname(path), wanted);
}

function findWrongVersion() {
  const wanted = readJson("package-lock.json").packages["node_modules/openclaw"]?.version;
  const { status, stdout, stderr } = spawnSync(process.execPath, [resolve(HOME, "openclaw.mjs"), "--version"], { encoding: "utf8", timeout: 60_000 });
  const said = /OpenClaw (\S+)/.exec(stdout ?? "")?.[1];
  if (status === 0 && said === wanted) return [];
  return [`${wanted} is pinned, and it ${said === undefined ? `exited with ${status}: ${(stderr ?? "").trim().slice(-300)}` : `says ${said}`}`];
}

function isMissing(path) {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined || (found.isFile() && found.size === 0);
}

function readJson(path) {
  return JSON.parse(readFileSync(path, "utf8"));
}
