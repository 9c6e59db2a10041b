import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import { readFreeBytes } from "../platform/disk-space.ts";
import { explainFileError, makePrivateFolder, removeTree } from "../platform/durable-files.ts";
import { compareTree } from "../store/compare-tree.ts";
import type { ContentStore } from "../store/content-store.ts";
import { type RawPath, renderRaw } from "../store/raw-path.ts";
import { readTree } from "../store/read-tree.ts";
import { createTurns } from "../store/take-turns.ts";
import type { TreeEntry } from "../store/tree-format.ts";
import { isReadable, writeTree } from "../store/write-tree.ts";
import type { KeptRoot, SnapshotManifest } from "./snapshot-manifest.ts";

/** restored: everything was built aside and read back. read: there was no room for that, so that only the store was read. */
export type VerifiedHow = "restored" | "read";

export type SnapshotVerdict =
  | { readonly kind: "intact"; readonly how: VerifiedHow }
  | { readonly kind: "damaged"; readonly how: VerifiedHow; readonly paths: readonly string[] };

export interface VerifyOptions {
  readonly signal?: AbortSignal | undefined;
  /** After each entry that was built or read. */
  readonly onProgress?: (() => void) | undefined;
  /** "read" passes over the building. */
  readonly how?: VerifiedHow | undefined;
}

/** More than any file system needs to keep a file's or a folder's name and attributes. */
const ENTRY_BYTES = 4_096;

/**
 * Builds every root aside, on the disk of the snapshots, and compares what is there then with what was recorded: bytes, kinds, modes, owners,
 * times, links. Times and sizes alone prove nothing. Files that differ are named by their path in the state, or with their component and root.
 * What the store has lost counts as missing from then on, so that the next snapshot stores it anew, for the older ones too.
 */
export async function verifySnapshot(manifest: SnapshotManifest, store: ContentStore, aside: string, options: VerifyOptions = {}): Promise<SnapshotVerdict> {
  let how: VerifiedHow = options.how ?? "restored";
  const paths: string[] = [];
  for (const { component, roots } of manifest.parts)
    for (const root of roots) {
      const name = (path: RawPath) => (component === "data" && root.name === "state" ? renderRaw(path) : join(component, root.name, renderRaw(path)));
      const entries = readTreeOf(root, store);
      if (entries === undefined) {
        paths.push(name(""));
        continue;
      }
      const found = await verifyRoot(entries, root, store, aside, how, options);
      how = found.how;
      paths.push(...found.paths.map(name));
    }
  return paths.length === 0 ? { kind: "intact", how } : { kind: "damaged", how, paths };
}

function readTreeOf(root: KeptRoot, store: ContentStore): TreeEntry[] | undefined {
  try {
    return readTree(store, root.tree);
  } catch (error) {
    if (InstarError.is(error, "DATA_DAMAGED")) return undefined;
    throw error;
  }
}

async function verifyRoot(
  entries: readonly TreeEntry[],
  root: KeptRoot,
  store: ContentStore,
  aside: string,
  how: VerifiedHow,
  options: VerifyOptions,
): Promise<{ how: VerifiedHow; paths: RawPath[] }> {
  if (how === "restored" && (await readFreeBytes(aside)) > root.sizeBytes + entries.length * ENTRY_BYTES) {
    const found = await buildAndCompare(entries, store, aside, options);
    if (found !== undefined) return { how, paths: found };
  }
  return { how: "read", paths: await readBlobs(entries, store, options) };
}

/** undefined where the disk was too full. A crash leaves the folder, which the next verification removes. */
async function buildAndCompare(entries: readonly TreeEntry[], store: ContentStore, aside: string, options: VerifyOptions): Promise<RawPath[] | undefined> {
  await makePrivateFolder(aside);
  const to = join(aside, randomBytes(6).toString("hex"));
  const damaged: RawPath[] = [];
  try {
    const ownersNotKept = await writeTree(store, entries, to, {
      signal: options.signal,
      onEntry: options.onProgress,
      onDamaged: (path, blob) => {
        damaged.push(path);
        store.forget(blob);
      },
    });
    const lost = new Set(damaged);
    const differs = await compareTree(store, entries, to, { signal: options.signal, compareOwners: ownersNotKept === 0 });
    return [...damaged, ...differs.filter((path) => !lost.has(path))];
  } catch (error) {
    options.signal?.throwIfAborted();
    if (explainFileError(error, "").code === "DISK_FULL") return undefined;
    throw error;
  } finally {
    await removeTree(to);
  }
}

async function readBlobs(entries: readonly TreeEntry[], store: ContentStore, options: VerifyOptions): Promise<RawPath[]> {
  const turns = createTurns(options.signal);
  const damaged: RawPath[] = [];
  for (const entry of entries) {
    if (entry.kind !== "file") continue;
    await turns.take(entry.size);
    const lost = entry.blobs.filter((digest) => !isReadable(store, digest));
    if (lost.length > 0) damaged.push(entry.path);
    for (const digest of lost) store.forget(digest);
    options.onProgress?.();
  }
  return damaged;
}
