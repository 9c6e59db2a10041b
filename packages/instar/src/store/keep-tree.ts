import { FileKeeper, type KeptFile } from "./keep-file.ts";
import type { Digest } from "./pack-format.ts";
import { locate, type RawPath } from "./raw-path.ts";
import type { StoreWriter } from "./store-writer.ts";
import { createTurns } from "./take-turns.ts";
import type { TreeEntry } from "./tree-format.ts";
import { type FoundEntry, type Look, looksAlike, walkTree } from "./walk-tree.ts";

/** A file whose bytes are in the store: how it looked when they were read. */
export interface KnownFile {
  readonly look: Look;
  readonly blobs: readonly Digest[];
}
export type KnownFiles = Map<RawPath, KnownFile>;

export interface KeepProgress {
  readonly files: number;
  readonly sizeBytes: number;
}

export interface KeepOptions {
  /** Files that look as they do here are not read again. What was read is added to it, and what did not settle is taken out. */
  readonly known?: KnownFiles;
  readonly leaveOut?: RegExp | undefined;
  /** How often a file is read that changes while it is read. */
  readonly reads?: number;
  /** A file that only grew, however often it was read, counts as it was when it had that length. */
  readonly mayGrow?: boolean;
  /** Copies whose bytes are taken in the place of what lies there, by path below the root; never known from before. */
  readonly instead?: ReadonlyMap<RawPath, string> | undefined;
  /** What is left out, by path below the root. */
  readonly without?: ReadonlySet<RawPath> | undefined;
  readonly signal?: AbortSignal | undefined;
  /** After each file that was read. */
  readonly onProgress?: ((progress: KeepProgress) => void) | undefined;
}

export interface KeptTree {
  readonly entries: readonly TreeEntry[];
  /** Files that were not as known: read, or vanished before they could be. */
  readonly changed: readonly RawPath[];
  /** Files that changed each time they were read: what was kept of them may be of no one moment. */
  readonly unsettled: readonly RawPath[];
  /** Sockets, pipes and devices, which are not kept. */
  readonly skipped: readonly RawPath[];
  readonly read: number;
}

/** Puts the bytes of a folder's files, or of one file, into the store, and tells what the tree is made of. Nothing is durable before the writer's flush. */
export async function keepTree(root: string, writer: StoreWriter, options: KeepOptions = {}): Promise<KeptTree> {
  const known: KnownFiles = options.known ?? new Map();
  const found = await walkTree(root, { signal: options.signal, leaveOut: options.leaveOut });
  const turns = createTurns(options.signal);
  const keeper = new FileKeeper(writer, turns);
  const entries: TreeEntry[] = [];
  const firstNames = new Map<string, TreeEntry>();
  const [changed, unsettled, skipped]: [RawPath[], RawPath[], RawPath[]] = [[], [], []];
  let [read, sizeBytes] = [0, 0];
  forgetOthers(known, found);
  for (const entry of found) {
    await turns.take();
    if (options.without?.has(entry.path)) continue;
    if (entry.kind !== "file") {
      if (entry.kind === "special") skipped.push(entry.path);
      else entries.push(plainEntry(entry));
      continue;
    }
    // The first name, in order of bytes, stands for the others. Names outside the tree do not count.
    const inode = entry.linkCount > 1 ? `${entry.dev}:${entry.ino}` : undefined;
    const first = inode === undefined ? undefined : firstNames.get(inode);
    if (first !== undefined) {
      const { mode, uid, gid, mtimeNs } = first;
      entries.push({ kind: "same", path: entry.path, mode, uid, gid, mtimeNs, sameAs: first.path });
      continue;
    }
    const asKnown = known.get(entry.path);
    const copy = options.instead?.get(entry.path);
    let kept: KeptFile;
    if (copy === undefined && asKnown !== undefined && looksAlike(asKnown.look, entry) && asKnown.blobs.every((digest) => writer.has(digest)))
      kept = { kind: "kept", entry, blobs: asKnown.blobs, isSettled: true };
    else {
      kept = copy === undefined ? await keepSettled(keeper, locate(root, entry.path), entry.path, options) : await keepCopy(keeper, copy, entry);
      known.delete(entry.path);
      changed.push(entry.path);
      if (kept.kind === "vanished") continue;
      if (kept.isSettled && copy === undefined) known.set(entry.path, { look: lookOnly(kept.entry), blobs: kept.blobs });
      else if (!kept.isSettled) unsettled.push(entry.path);
      read += 1;
      sizeBytes += kept.entry.size;
      options.onProgress?.({ files: read, sizeBytes });
    }
    const line = fileEntry(kept.entry, kept.blobs);
    if (inode !== undefined) firstNames.set(inode, line);
    entries.push(line);
  }
  return { entries, changed, unsettled, skipped, read };
}

async function keepSettled(keeper: FileKeeper, at: Buffer, path: RawPath, { reads = 1, mayGrow = false }: KeepOptions): Promise<KeptFile> {
  for (let read = 1; ; read += 1) {
    const kept = await keeper.keep(at, path);
    if (kept.kind === "vanished" || kept.isSettled) return kept;
    if (read >= reads) return mayGrow ? keeper.keepGrowing(at, path) : kept;
  }
}

/** The copy's bytes, and all else as it is of the file that it stands for. */
async function keepCopy(keeper: FileKeeper, copy: string, { mode, uid, gid, mtimeNs, path }: FoundEntry): Promise<KeptFile> {
  const kept = await keeper.keep(Buffer.from(copy), path);
  return kept.kind === "vanished" ? kept : { ...kept, entry: { ...kept.entry, mode, uid, gid, mtimeNs } };
}

function forgetOthers(known: KnownFiles, found: readonly FoundEntry[]): void {
  if (known.size === 0) return;
  const there = new Set(found.flatMap(({ kind, path }) => (kind === "file" ? [path] : [])));
  for (const path of known.keys()) if (!there.has(path)) known.delete(path);
}

function plainEntry({ kind, path, mode, uid, gid, mtimeNs, target = "" }: FoundEntry): TreeEntry {
  const common = { path, mode, uid, gid, mtimeNs };
  return kind === "link" ? { ...common, kind, target } : { ...common, kind: "folder" };
}

/** Smaller holes are not kept: some file systems have small files where no block is counted. */
const LEAST_SPARSE_BYTES = 65_536;

function fileEntry({ path, mode, uid, gid, mtimeNs, size, isSparse }: FoundEntry, blobs: readonly Digest[]): TreeEntry {
  return { kind: "file", path, mode, uid, gid, mtimeNs, size, blobs, isSparse: isSparse && size >= LEAST_SPARSE_BYTES };
}

function lookOnly({ dev, ino, size, mtimeNs, ctimeNs }: Look): Look {
  return { dev, ino, size, mtimeNs, ctimeNs };
}
