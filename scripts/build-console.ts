// The web console, built by Vite into packages/console/dist, where a daemon that runs from the sources finds it and where `npm run pack` takes it from. Only when
// what it is made of has changed since; beside each text lies the same, packed with Brotli.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";
import { ROOT } from "./read-project.ts";

export const CONSOLE_DIST = join(ROOT, "packages", "console", "dist");
/** What a finished build is of. Written last, so that one that was broken off is made again; no name that is served. */
const MARK = join(CONSOLE_DIST, ".built-of");
const MADE_OF = ["packages/console", "packages/protocol/src", "package-lock.json", "tsconfig.json", "scripts/build-console.ts"];
const LEFT_OUT = /(^|\/)(node_modules|dist)(\/|$)|\.test\.tsx?$/;
const PACKED = /\.(js|css|html|svg|json)$/;

/** @returns whether there was anything to do */
export async function buildConsole(say: (line: string) => void): Promise<boolean> {
  const digest = digestSources();
  if (existsSync(MARK) && readFileSync(MARK, "utf8") === digest) return false;
  say("building the web console");
  await rm(MARK, { force: true });
  await runVite();
  await packTexts();
  await writeFile(MARK, digest);
  return true;
}

function digestSources(): string {
  const digest = createHash("sha256");
  for (const path of MADE_OF.flatMap(listFiles)) {
    const bytes = readFileSync(join(ROOT, path));
    digest.update(`${path}\0${bytes.byteLength}\0`).update(bytes);
  }
  return digest.digest("hex");
}

function listFiles(path: string): string[] {
  if (LEFT_OUT.test(path)) return [];
  if (!statSync(join(ROOT, path)).isDirectory()) return [path];
  return readdirSync(join(ROOT, path))
    .toSorted()
    .flatMap((name) => listFiles(`${path}/${name}`));
}

/** In a process of its own, for people and not for developers, whatever started this: a test's environment would give another page than is served. */
async function runVite(): Promise<void> {
  const home = join(ROOT, "packages", "console");
  const vite = join(dirname(createRequire(join(home, "package.json")).resolve("vite/package.json")), "bin", "vite.js");
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_OPTIONS$)/.test(name)));
  const { stderr } = await promisify(execFile)(process.execPath, [vite, "build", "--logLevel", "error"], {
    cwd: home,
    env: { ...environment, NODE_ENV: "production" },
  });
  if (stderr !== "") process.stderr.write(stderr);
}

/** As small as it gets, once: a browser that asks through a tunnel waits for every kilobyte. */
async function packTexts(): Promise<void> {
  const names = (await readdir(CONSOLE_DIST, { recursive: true })).filter((name) => PACKED.test(name));
  for (const name of names) {
    const path = join(CONSOLE_DIST, name);
    const bytes = await readFile(path);
    await writeFile(`${path}.br`, await promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } }));
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildConsole((line) => process.stderr.write(`instar: ${line}\n`));
