import { randomBytes } from "node:crypto";
import { chmodSync, linkSync, mkdirSync, renameSync, rmdirSync, symlinkSync, unlinkSync } from "node:fs";
import { ByteComparer, isSameTime } from "./compare-tree.ts";
import type { ContentStore } from "./content-store.ts";
import { joinRaw, locate, parentOf, type RawPath } from "./raw-path.ts";
import { createTurns } from "./take-turns.ts";
import type { FileEntry, TreeEntry } from "./tree-format.ts";
import { type FoundEntry, walkTree } from "./walk-tree.ts";
import { applyAttributes, writeFile } from "./write-tree.ts";

export interface BroughtTree {
  /** Files that were written anew. */
  readonly written: number;
  /** Whatever the tree does not have. */
  readonly removed: number;
  readonly ownersNotKept: number;
}

interface Difference {
  readonly remove: readonly FoundEntry[];
  readonly write: readonly TreeEntry[];
}

/**
 * Makes a folder that is there what a tree says, and writes only what differs. It trusts neither times nor sizes: every file is read and compared
 * by its digests, and what is to be written is read from the store before anything is touched. Each file is replaced as a whole; a crash leaves
 * some files old, some new and perhaps one of a name of ours, and calling again goes on. Nothing is synced.
 *
 * @throws InstarError DATA_DAMAGED, with nothing touched; and what the operating system throws
 */
export async function bringTree(
  store: ContentStore,
  entries: readonly TreeEntry[],
  to: string,
  options: { signal?: AbortSignal | undefined; onEntry?: (() => void) | undefined } = {},
): Promise<BroughtTree> {
  const found = new Map((await walkTree(to, { signal: options.signal })).map((entry) => [entry.path, entry]));
  const difference = await findDifference(store, entries, found, to, options);
  const turns = createTurns(options.signal);
  for (const entry of difference.write) if (entry.kind === "file") for (const digest of entry.blobs) await turns.take(store.read(digest).length);
  openFolders(found, to);
  for (const entry of difference.remove) removeEntry(entry, locate(to, entry.path));
  for (const entry of difference.write) {
    await turns.take();
    if (entry.kind === "folder") mkdirSync(locate(to, entry.path), { mode: 0o700 });
    else await putInPlace(entry, to, (at) => make(entry, at));
  }
  const written = new Set(difference.write.map(({ path }) => path));
  let ownersNotKept = 0;
  for (const entry of entries.toReversed()) {
    await turns.take();
    const there = written.has(entry.path) ? undefined : found.get(entry.path);
    if (entry.kind === "same" || (entry.kind !== "folder" && there !== undefined && hasAttributes(entry, there))) continue;
    if (!applyAttributes(entry, locate(to, entry.path))) ownersNotKept += 1;
  }
  return { written: difference.write.filter(({ kind }) => kind === "file").length, removed: difference.remove.length, ownersNotKept };

  async function make(entry: TreeEntry, at: Buffer): Promise<void> {
    if (entry.kind === "link") symlinkSync(Buffer.from(entry.target, "latin1"), at);
    else if (entry.kind === "same") linkSync(locate(to, entry.sameAs), at);
    else await writeFile(store, entry as FileEntry, at, turns);
  }
}

/** What is to be removed comes deepest first, and what is to be written in the tree's order. */
async function findDifference(
  store: ContentStore,
  entries: readonly TreeEntry[],
  found: ReadonlyMap<RawPath, FoundEntry>,
  to: string,
  { signal, onEntry }: { signal?: AbortSignal | undefined; onEntry?: (() => void) | undefined },
): Promise<Difference> {
  const turns = createTurns(signal);
  const bytes = new ByteComparer(store, turns);
  const wanted = new Map(entries.map((entry) => [entry.path, entry]));
  /** Which name stands for each inode that stays. */
  const names = new Map<string, RawPath>();
  const write: TreeEntry[] = [];
  for (const entry of entries) {
    await turns.take();
    onEntry?.();
    const there = found.get(entry.path);
    if (there === undefined || !(await isSame(entry, there))) write.push(entry);
  }
  const remove = [...found.values()].filter(({ path, kind }) => {
    const entry = wanted.get(path);
    return entry === undefined || (kind === "folder") !== (entry.kind === "folder");
  });
  return { remove: remove.reverse(), write };

  async function isSame(entry: TreeEntry, there: FoundEntry): Promise<boolean> {
    const inode = `${there.dev}:${there.ino}`;
    if (entry.kind === "folder") return there.kind === "folder";
    if (entry.kind === "link") return there.kind === "link" && there.target === entry.target;
    if (entry.kind === "same") return names.get(inode) === entry.sameAs;
    // A name that shares its bytes with another, where the tree has two files, must get bytes of its own.
    if (there.kind !== "file" || there.size !== entry.size || names.has(inode) || !(await bytes.areThose(entry, locate(to, entry.path)))) return false;
    names.set(inode, entry.path);
    return true;
  }
}

function hasAttributes(entry: TreeEntry, there: FoundEntry): boolean {
  const hasMode = entry.kind === "link" || there.mode === entry.mode;
  const hasOwner = process.platform === "win32" || (there.uid === entry.uid && there.gid === entry.gid);
  return hasMode && hasOwner && isSameTime(entry.mtimeNs, there.mtimeNs);
}

/** A folder that its owner may not write to lets nothing in it be replaced. They get their modes at the end. */
function openFolders(found: ReadonlyMap<RawPath, FoundEntry>, to: string): void {
  for (const { kind, mode, path } of found.values()) if (kind === "folder" && (mode & 0o700) !== 0o700) chmodSync(locate(to, path), mode | 0o700);
}

function removeEntry({ kind }: FoundEntry, at: Buffer): void {
  if (kind === "folder") rmdirSync(at);
  else unlinkSync(at);
}

/** Made under a name of ours and then renamed: the old one is there until the new one is whole. */
async function putInPlace(entry: TreeEntry, to: string, make: (at: Buffer) => Promise<void>): Promise<void> {
  const aside = locate(to, joinRaw(parentOf(entry.path), `.instar-restore-${randomBytes(8).toString("hex")}`));
  await make(aside);
  renameSync(aside, locate(to, entry.path));
}
