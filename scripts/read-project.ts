import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { PackageFile } from "./check/dead-code.ts";
import { type SourceFile, scanSource } from "./check/scan-source.ts";
import { ERRORS_PAGE, type GenerationInputs } from "./generated-files.ts";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));

const FOLDERS = ["packages", "scripts", "tests", "bench"];
const LEFT_OUT = new Set(["node_modules", "dist", "examples"]);

/** Every TypeScript file of the project, scanned. */
export function readSources(): SourceFile[] {
  const paths = FOLDERS.filter((folder) => existsSync(join(ROOT, folder))).flatMap(listTypeScript);
  return [...paths, "vitest.config.ts"].map((path) => scanSource(path, readFileSync(join(ROOT, path), "utf8")));
}

function listTypeScript(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return LEFT_OUT.has(entry.name) ? [] : listTypeScript(path);
      return /\.tsx?$/.test(entry.name) ? [path] : [];
    });
}

/** The root's package.json and those of the workspace. */
export function readPackages(): PackageFile[] {
  const folders = ["", ...readdirSync(join(ROOT, "packages")).map((name) => `packages/${name}`)];
  return folders.filter((folder) => existsSync(join(ROOT, folder, "package.json"))).map((folder) => ({ ...readJson(join(folder, "package.json")), folder }));
}

export function readGenerationInputs(): GenerationInputs {
  const { version } = readJson("packages/instar/package.json") as { version: string };
  return { version, errorsPage: readText(ERRORS_PAGE) ?? "" };
}

/** @returns undefined where the file is not there */
export function readText(path: string): string | undefined {
  const full = join(ROOT, path);
  return existsSync(full) ? readFileSync(full, "utf8") : undefined;
}

const readJson = (path: string) => JSON.parse(readFileSync(join(ROOT, path), "utf8")) as Record<string, unknown>;
