import { join } from "node:path";
import { hashFile } from "./hash-file.ts";
import { digestOf, type ManifestEntry, renderMode, sealedMode } from "./manifest.ts";
import { runInParallel } from "./run-in-parallel.ts";
import { findEntries, readManifest, type Verifying } from "./verify-release.ts";
import type { FoundEntry } from "./walk-tree.ts";

/** Files and links that are not as they were sealed: all of them, sorted. */
export interface LocalChanges {
  /** Holds `manifest.jsonl` where that is not what the record was made from: then anything may have changed. */
  readonly changed: readonly string[];
  readonly missing: readonly string[];
  readonly added: readonly string[];
}

/** Folders that installing fills, wherever they lie. */
const INSTALLED = ["node_modules", ".venv"];

/**
 * What somebody changed by hand in a sealed release. Not counted: folders of themselves, the right to write (a person needs it to change anything),
 * and what is installed, by folders' names or by paths relative to the tree.
 */
export async function findLocalChanges({ folder, digest, dependenciesFolder }: Verifying, installed: readonly string[] = []): Promise<LocalChanges> {
  const manifest = await readManifest(folder);
  if (manifest === undefined || digestOf(manifest) !== digest) return { changed: ["manifest.jsonl"], missing: [], added: [] };
  const counts = ({ path, kind, isShared }: { path: string; kind: string; isShared: boolean }) =>
    kind !== "folder" && !isShared && !isInstalled(path, installed);
  const found = await findEntries(join(folder, "tree"), dependenciesFolder);
  const changed: string[] = [];
  const missing: string[] = [];
  await runInParallel(manifest.filter(counts), async (entry) => {
    const there = found.get(entry.path);
    found.delete(entry.path);
    if (there === undefined) missing.push(entry.path);
    else if (!(await isSame(entry, there))) changed.push(entry.path);
  });
  const added = [...found.values()].filter(counts).map(({ path }) => path);
  return { changed: changed.sort(), missing: missing.sort(), added: added.sort() };
}

function isInstalled(path: string, installed: readonly string[]): boolean {
  const names = path.split("/");
  return INSTALLED.some((name) => names.includes(name)) || installed.some((folder) => `${path}/`.startsWith(`${folder.replace(/^\.\/|\/$/g, "")}/`));
}

async function isSame(entry: ManifestEntry, found: FoundEntry): Promise<boolean> {
  if (entry.kind !== found.kind || entry.target !== found.target) return false;
  if (entry.kind !== "file") return true;
  return entry.mode === renderMode(sealedMode(found.mode)) && entry.sizeBytes === found.sizeBytes && entry.sha256 === (await hashFile(found.at));
}
