import { constants } from "node:fs";
import { access, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** What a version on disk brings to check itself with. */
export interface Tools {
  readonly rootFiles: ReadonlyMap<string, string | null>;
  /** Absolute, by name: of its node_modules/.bin first, then of the agent's PATH. */
  readonly programs: ReadonlyMap<string, string>;
  readonly typescript: { readonly path: string; readonly version: string | null } | null;
}

const SPEAKING = ["package.json", "pyproject.toml", "setup.cfg", "tox.ini"];
const LINTERS = ["eslint", "biome", "oxlint", "ruff", "flake8"];
const TEXT_BYTES = 1_048_576;

/** @param path folders that programs are looked for in, first to last */
export async function readTools(tree: string, path: readonly string[]): Promise<Tools> {
  const names = await readdir(tree).catch(() => []);
  const rootFiles = new Map<string, string | null>();
  for (const name of names) rootFiles.set(name, SPEAKING.includes(name) ? await readText(join(tree, name)) : null);
  const programs = new Map<string, string>();
  for (const name of LINTERS) {
    const found = await findProgram(name, [join(tree, "node_modules", ".bin"), ...path]);
    if (found !== undefined) programs.set(name, found);
  }
  return { rootFiles, programs, typescript: await readTypescript(tree) };
}

/** @returns absolute; undefined where none of the folders has such a program */
export async function findProgram(name: string, folders: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) {
    const path = join(folder, name);
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return undefined;
}

async function readTypescript(tree: string): Promise<Tools["typescript"]> {
  const home = join(tree, "node_modules", "typescript");
  const path = join(home, "bin", "tsc");
  if ((await readText(path)) === null) return null;
  return { path, version: versionOf(await readText(join(home, "package.json"))) };
}

function versionOf(text: string | null): string | null {
  try {
    const { version } = JSON.parse(text ?? "") as { version?: unknown };
    return typeof version === "string" ? version : null;
  } catch {
    return null;
  }
}

async function readText(path: string): Promise<string | null> {
  const text = await readFile(path, "utf8").catch(() => null);
  return text === null || text.length > TEXT_BYTES ? null : text;
}
