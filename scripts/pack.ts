// `npm run pack`: the packages as people install them, dist/instar-<version>.tgz and dist/instar-sdk-<version>.tgz. One bundled program beside what it reads:
// the built web console, its example agent, the schema of instar.yaml and the OpenAPI document. What it depends on is installed, not bundled.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { buildConsole, CONSOLE_DIST } from "./build-console.ts";
import { stageSdk } from "./pack-sdk.ts";
import { ROOT, readPackages } from "./read-project.ts";

/**
 * The web console is built first, where it is not.
 * @param folder where the tarball goes, and beside it the files it is made of
 * @returns the tarball's path
 */
export async function packInstar(folder: string): Promise<string> {
  await buildConsole((line) => process.stderr.write(`${line}\n`));
  const stage = join(folder, "package");
  await stageInstar(stage);
  return packStage(stage, folder);
}

/** The same for what lives inside an agent. */
export async function packSdk(folder: string): Promise<string> {
  const stage = join(folder, "sdk");
  await stageSdk(stage);
  return packStage(stage, folder);
}

async function packStage(stage: string, folder: string): Promise<string> {
  const { stdout } = await promisify(execFile)("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], {
    cwd: stage,
    shell: process.platform === "win32",
  });
  return join(folder, nameOfTarball(stdout));
}

/**
 * Lays out what a package is made of, with the web console where that was built.
 * @param beside what else is bundled with the program's own modules, by name: `dist/<name>.js`
 * @returns its program
 */
export async function stageInstar(stage: string, beside: Readonly<Record<string, string>> = {}): Promise<string> {
  await rm(stage, { recursive: true, force: true });
  await mkdir(stage, { recursive: true });
  const { folder: home, devDependencies: _, ...manifest } = ownPackage();
  const entries = { main: join(ROOT, home, "src", "main.ts"), ...beside };
  await bundleProgram(entries, join(stage, "dist"), Object.keys(manifest.dependencies ?? {}));
  await writeFile(join(stage, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  for (const [from, to] of [
    [`${home}/bin`, "bin"],
    [`${home}/schema`, "schema"],
    ["openapi", "openapi"],
    ["docs/errors.md", "docs/errors.md"],
    ["docs/edits.md", "docs/edits.md"],
    ["examples/http-agent", "examples/http-agent"],
    ["packages/verifier/src/verify.mjs", "dist/verify.mjs"],
  ] as const)
    await cp(join(ROOT, from), join(stage, to), { recursive: true });
  if (existsSync(CONSOLE_DIST)) await cp(CONSOLE_DIST, join(stage, "dist", "console"), { recursive: true, filter: (path) => !basename(path).startsWith(".") });
  return join(stage, "dist", "main.js");
}

function ownPackage() {
  const found = readPackages().find(({ name }) => name === "instar");
  if (found === undefined) throw new Error("the workspace has no package called instar");
  return found;
}

/** @instar/protocol is a part of the program and goes into it; everything else stays a dependency. */
async function bundleProgram(entries: Readonly<Record<string, string>>, out: string, dependencies: readonly string[]): Promise<void> {
  await build({
    entryPoints: entries,
    outdir: out,
    bundle: true,
    // What a command does not need is not read: a command line is there at once, and a keeper holds no engine.
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node24",
    sourcemap: true,
    sourcesContent: false,
    external: dependencies.flatMap((name) => [name, `${name}/*`]),
    logLevel: "warning",
  });
}

function nameOfTarball(stdout: string): string {
  // A list in npm 10, by name from npm 11 on.
  const said = JSON.parse(stdout) as { filename: string }[] | Record<string, { filename: string }>;
  const [packed] = Object.values(said);
  if (packed === undefined) throw new Error("npm pack did not say what it made");
  return packed.filename;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = join(ROOT, "dist");
  await mkdir(folder, { recursive: true });
  for (const pack of [packInstar, packSdk]) process.stdout.write(`${await pack(folder)}\n`);
}
