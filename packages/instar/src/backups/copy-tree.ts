import { mkdirSync, rmdirSync, unlinkSync } from "node:fs";
import { type CloneMemory, copyFile } from "./copy-file.ts";
import { locate, parentOf, type RawPath } from "./raw-path.ts";
import { createTurns } from "./take-turns.ts";
import { type FoundEntry, readEntry, walkTree } from "./walk-tree.ts";

/** What is known of a file that lies in the snapshot already: how the original looked when its bytes were taken. */
export interface KnownFile {
  readonly seen: string;
  readonly sha256: string;
}
export type KnownFiles = Map<RawPath, KnownFile>;

export interface CopyProgress {
  readonly files: number;
  readonly sizeBytes: number;
}

export interface CopyPass {
  readonly entries: readonly FoundEntry[];
  /** Names of a file that another name stands for: several hard links are copied once. */
  readonly sameAs: ReadonlyMap<RawPath, RawPath>;
  /** Files that were not as known: copied, or vanished before they could be. */
  readonly changed: readonly RawPath[];
  readonly copied: number;
}

/**
 * Brings a folder of copied files up to date with the state: copies every file that does not look as it did when its bytes
 * were taken, and removes what the state no longer has. Only files are kept there; all else is in the manifest. `known` is
 * brought up to date too, except for files changed since `trustedUntilNs`: they may change again unseen.
 *
 * A crash leaves files that are newer than `known` says; they no longer look as known, and are copied again.
 */
export async function copyTree(options: {
  readonly from: string;
  readonly to: string;
  readonly known: KnownFiles;
  readonly trustedUntilNs?: bigint;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: CopyProgress) => void) | undefined;
}): Promise<CopyPass> {
  const entries = await walkTree(options.from, options.signal);
  const sameAs = findHardLinks(entries);
  const files = entries.filter((entry) => entry.kind === "file" && !sameAs.has(entry.path));
  await removeOthers(options.to, files, options.known);
  const turns = createTurns(options.signal);
  const memory: CloneMemory = { canClone: true };
  const changed: RawPath[] = [];
  let [copied, sizeBytes] = [0, 0];
  for (const entry of files) {
    await turns.take();
    if (isCopied(entry, options.known.get(entry.path), options.to)) continue;
    mkdirSync(locate(options.to, parentOf(entry.path)), { recursive: true, mode: 0o700 });
    const result = await copyFile(locate(options.from, entry.path), locate(options.to, entry.path), turns, memory);
    options.known.delete(entry.path);
    changed.push(entry.path);
    if (result.kind === "vanished") continue;
    const isTrusted = options.trustedUntilNs === undefined || result.ctimeNs < options.trustedUntilNs;
    if (result.isSettled && isTrusted) options.known.set(entry.path, { seen: result.seen, sha256: result.sha256 });
    copied += 1;
    sizeBytes += result.sizeBytes;
    options.onProgress?.({ files: copied, sizeBytes });
  }
  return { entries, sameAs, changed, copied };
}

/** The first name, in order of bytes, stands for the others. Names outside the tree do not count. */
function findHardLinks(entries: readonly FoundEntry[]): Map<RawPath, RawPath> {
  const first = new Map<string, RawPath>();
  const sameAs = new Map<RawPath, RawPath>();
  for (const entry of entries) {
    if (entry.kind !== "file" || entry.linkCount < 2) continue;
    const standsFor = first.get(entry.inode);
    if (standsFor === undefined) first.set(entry.inode, entry.path);
    else sameAs.set(entry.path, standsFor);
  }
  return sameAs;
}

function isCopied(entry: FoundEntry, known: KnownFile | undefined, to: string): boolean {
  if (known === undefined || known.seen !== entry.seen) return false;
  const there = readEntry(to, entry.path);
  return there?.kind === "file" && there.size === entry.size;
}

/** Deepest first, so that folders are empty when their turn comes. */
async function removeOthers(to: string, files: readonly FoundEntry[], known: KnownFiles): Promise<void> {
  const wanted = new Set(files.map((entry) => entry.path));
  const folders = new Set<RawPath>([""]);
  for (const path of wanted) for (let up = parentOf(path); !folders.has(up); up = parentOf(up)) folders.add(up);
  for (const entry of (await walkTree(to)).reverse()) {
    if (entry.kind === "folder" ? folders.has(entry.path) : wanted.has(entry.path)) continue;
    if (entry.kind === "folder") rmdirSync(locate(to, entry.path));
    else unlinkSync(locate(to, entry.path));
  }
  for (const path of known.keys()) if (!wanted.has(path)) known.delete(path);
}
