import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { readBoundedFile } from "../reports/read-bounded-file.ts";
import { NO_FACTS, type RunnerFacts } from "./runner-facts.ts";

const MOST_BYTES = 1_048_576;
const names = z.record(z.string(), z.unknown()).catch({});
const manifest = z.object({
  scripts: z.record(z.string(), z.unknown()).catch({}).default({}),
  dependencies: names.default({}),
  devDependencies: names.default({}),
  optionalDependencies: names.default({}),
  mocha: z.unknown().optional(),
});

/** Reads what is asked of a tree; what cannot be read is as if it were not there. Never throws. */
export async function readRunnerFacts(tree: string): Promise<RunnerFacts> {
  const read = parseManifest(await readText(join(tree, "package.json"), tree));
  const [mochaFiles, vitestCoverage, pytestCov] = await Promise.all([
    listFolder(tree).then((found) => found.some((name) => name.startsWith(".mocharc."))),
    Promise.all(["coverage-v8", "coverage-istanbul"].map((name) => isThere(join(tree, "node_modules", "@vitest", name, "package.json")))),
    hasPytestCov(tree),
  ]);
  const about = { hasVitestCoverage: vitestCoverage.includes(true), hasPytestCov: pytestCov };
  if (read === undefined) return { ...NO_FACTS, ...about, hasMochaSettings: mochaFiles };
  const { scripts, dependencies, devDependencies, optionalDependencies } = read;
  return {
    ...about,
    scripts: Object.fromEntries(Object.entries(scripts).flatMap(([name, line]) => (typeof line === "string" ? [[name, line]] : []))),
    asked: new Set([dependencies, devDependencies, optionalDependencies].flatMap((found) => Object.keys(found))),
    hasMochaSettings: mochaFiles || read.mocha !== undefined,
  };
}

async function readText(path: string, root: string): Promise<string> {
  const read = await readBoundedFile(path, { root, mostBytes: MOST_BYTES });
  return read.kind === "text" ? read.text : "";
}

function parseManifest(text: string): z.output<typeof manifest> | undefined {
  try {
    return manifest.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** In an environment that lies in the tree; one elsewhere is not looked into. */
async function hasPytestCov(tree: string): Promise<boolean> {
  for (const environment of [".venv", "venv", "env"]) {
    const library = join(tree, environment, "lib");
    for (const python of await listFolder(library)) if (await isThere(join(library, python, "site-packages", "pytest_cov"))) return true;
  }
  return false;
}

async function listFolder(path: string): Promise<string[]> {
  return readdir(path).catch(() => []);
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
