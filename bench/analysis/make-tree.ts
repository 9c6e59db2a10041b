import { copyFileSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { Place } from "../place.ts";
import { isChosenFile, placeOf } from "./choose-files.ts";
import { type ChosenSource, MORE_SOURCES, SOURCES } from "./chosen-sources.ts";

/** A project's folder with a git repository in it, as a person has it who checks it. */
export interface MadeTree {
  readonly root: string;
  /** JavaScript and TypeScript files; beside them lies each package's package.json. */
  readonly paths: readonly string[];
  readonly sizeBytes: number;
}

const FOLDERS = { sources: SOURCES, "more-sources": MORE_SOURCES };
export type SourceFolder = keyof typeof FOLDERS;
export const folderOf = (name: SourceFolder): string => fileURLToPath(new URL(name, import.meta.url));

/**
 * Copies packages' sources side by side until there are `most` files. The same packages give the same tree, on every machine.
 *
 * @throws Error where a package is not installed, or git cannot be run
 */
export async function makeTree(place: Place, name: string, { from, most }: { from: readonly SourceFolder[]; most: number }): Promise<MadeTree> {
  const root = join(place.folder, name);
  const paths: string[] = [];
  let sizeBytes = 0;
  for (const folder of from)
    for (const source of FOLDERS[folder]) {
      const home = join(folderOf(folder), "node_modules", source.package);
      if (!existsSync(home)) throw new Error(`${source.package} is not installed in bench/analysis/${folder}`);
      const chosen = listFiles(home, source).slice(0, most - paths.length);
      if (chosen.length === 0) continue;
      for (const { path } of [...chosen, { path: "package.json" }]) copyTo(join(home, path), join(root, placeOf(source.package), path));
      for (const file of chosen) {
        paths.push(`${placeOf(source.package)}/${file.path}`);
        sizeBytes += file.sizeBytes;
      }
    }
  writeFileSync(join(root, "package.json"), '{ "name": "bench-tree", "private": true }\n');
  await commitTree(place, root);
  return { root, paths: paths.sort(), sizeBytes };
}

function listFiles(home: string, { folders }: ChosenSource): { path: string; sizeBytes: number }[] {
  return folders
    .flatMap((folder) => readdirSync(join(home, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path: relative(home, path).replaceAll(sep, "/"), sizeBytes: statSync(path).size }))
    .filter(({ path, sizeBytes }) => isChosenFile(path, sizeBytes))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

function copyTo(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}

/** All that is there, in one pack: a repository that people work with is packed. */
export async function commitTree(place: Place, root: string): Promise<void> {
  const git = (...args: string[]) =>
    place.run(["git", "-c", "user.name=Bench", "-c", "user.email=bench@example.invalid", "-c", "core.autocrlf=false", ...args], { cwd: root });
  await git("init", "--quiet", "--initial-branch=main", ".");
  await git("add", "--all", "--force");
  await git("commit", "--quiet", "--message=bench");
  await git("repack", "-adq");
}
