import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { hashFile } from "./hash-file.ts";
import { digestOf, type ManifestEntry, parseManifest, renderMode, sealedMode } from "./manifest.ts";
import { runInParallel } from "./run-in-parallel.ts";
import { type FoundEntry, walkTree } from "./walk-tree.ts";

/** At most twenty paths of each. `changed` holds `manifest.jsonl` where the manifest is not what the record was made from. */
export type Verification =
  | { readonly kind: "intact" }
  | { readonly kind: "damaged"; readonly changed: readonly string[]; readonly missing: readonly string[]; readonly added: readonly string[] };

export interface Verifying {
  readonly folder: string;
  readonly digest: string;
  readonly dependenciesFolder: string;
}

/** Compares every byte, mode and link with the manifest, and the manifest with the record's digest. */
export async function verifyRelease(verifying: Verifying): Promise<Verification> {
  return compare(verifying, async (entry, found) => entry.kind !== "file" || (await hashFile(found.at)) === entry.sha256);
}

/**
 * Looks at names, kinds, modes, sizes and times only. A file that was merely touched counts as changed, and a byte changed with
 * size and time kept does not: before a release is trusted to run, `verifyRelease` has the word.
 */
export async function verifyReleaseQuickly(verifying: Verifying): Promise<Verification> {
  return compare(verifying, async (entry, found) => entry.kind !== "file" || entry.mtimeNs === String(found.mtimeNs));
}

async function compare(
  { folder, digest, dependenciesFolder }: Verifying,
  isSame: (entry: ManifestEntry, found: FoundEntry) => Promise<boolean>,
): Promise<Verification> {
  const manifest = await readManifest(folder);
  if (manifest === undefined || digestOf(manifest) !== digest) return { kind: "damaged", changed: ["manifest.jsonl"], missing: [], added: [] };
  const found = await findEntries(join(folder, "tree"), dependenciesFolder);
  const changed: string[] = [];
  const missing: string[] = [];
  await runInParallel(manifest, async (entry) => {
    const there = found.get(entry.path);
    found.delete(entry.path);
    if (there === undefined) missing.push(entry.path);
    else if (!looksSame(entry, there) || !(await isSame(entry, there))) changed.push(entry.path);
  });
  const added = [...found.keys()];
  if (changed.length + missing.length + added.length === 0) return { kind: "intact" };
  return { kind: "damaged", changed: first(changed), missing: first(missing), added: first(added) };
}

/** What lies in a release's tree, by path; nothing where the whole tree is gone. */
export async function findEntries(tree: string, dependenciesFolder: string): Promise<Map<string, FoundEntry>> {
  const entries = await walkTree(tree, dependenciesFolder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" && error.path === tree) return []; // all of it is missing
    throw error;
  });
  return new Map(entries.map((entry) => [entry.path, entry]));
}

export async function readManifest(folder: string): Promise<readonly ManifestEntry[] | undefined> {
  try {
    return parseManifest(await readFile(join(folder, "manifest.jsonl"), "utf8"));
  } catch {
    return undefined; // gone and unreadable are the same damage
  }
}

/** Shared folders are locked by whoever installed them, so there the right to write is not ours to judge. */
function looksSame(entry: ManifestEntry, found: FoundEntry): boolean {
  const mode = renderMode(found.isShared ? sealedMode(found.mode) : found.mode);
  return (
    entry.kind === found.kind &&
    entry.mode === mode &&
    entry.sizeBytes === found.sizeBytes &&
    entry.target === found.target &&
    entry.isShared === found.isShared
  );
}

function first(paths: string[]): readonly string[] {
  return paths.sort().slice(0, 20);
}
