import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  ftruncateSync,
  futimesSync,
  lchownSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { InstarError } from "@instar/protocol";
import type { ContentStore } from "./content-store.ts";
import type { Digest } from "./pack-format.ts";
import { locate, type RawPath, renderRaw } from "./raw-path.ts";
import { createTurns, type Turns } from "./take-turns.ts";
import type { FileEntry, TreeEntry } from "./tree-format.ts";

export interface WriteTreeOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onEntry?: (() => void) | undefined;
  /** Is told of files of which a blob is lost, which are then left out; without it they are an error. */
  readonly onDamaged?: ((path: RawPath, blob: Digest) => void) | undefined;
}

/**
 * Makes a tree where nothing is yet, or an empty folder, checking every byte on the way. Folders get their modes last and from the
 * inside out: a read-only one would refuse what belongs in it. Modification times are kept to the microsecond. Nothing is synced.
 *
 * @returns how many owners could not be given back: only root may give files away
 * @throws InstarError DATA_DAMAGED, CONFLICT; and what the operating system throws
 */
export async function writeTree(store: ContentStore, entries: readonly TreeEntry[], to: string, options: WriteTreeOptions = {}): Promise<number> {
  const turns = createTurns(options.signal);
  const lost = new Set<RawPath>();
  let ownersNotKept = 0;
  for (const entry of entries) {
    await turns.take();
    const at = locate(to, entry.path);
    if (entry.kind === "folder") makeFolder(at, entry.path);
    else if (entry.kind === "link") symlinkSync(Buffer.from(entry.target, "latin1"), at);
    else if (entry.kind === "same") {
      if (!lost.has(entry.sameAs)) linkSync(locate(to, entry.sameAs), at);
    } else {
      const made = await writeUnlessLost(store, entry, at, turns, options);
      if (made === "lost") lost.add(entry.path);
      else if (!made) ownersNotKept += 1;
    }
    options.onEntry?.();
  }
  for (const entry of entries.toReversed()) {
    if (entry.kind !== "folder" && entry.kind !== "link") continue;
    await turns.take();
    if (!applyAttributes(entry, locate(to, entry.path))) ownersNotKept += 1;
  }
  return ownersNotKept;
}

/** With `onDamaged` what was made of it is taken away again. */
async function writeUnlessLost(store: ContentStore, entry: FileEntry, at: Buffer, turns: Turns, { onDamaged }: WriteTreeOptions): Promise<boolean | "lost"> {
  try {
    return await writeFile(store, entry, at, turns);
  } catch (error) {
    const blob = entry.blobs.find((digest) => !isReadable(store, digest));
    if (onDamaged === undefined || blob === undefined) throw error;
    unlinkSync(at);
    onDamaged(entry.path, blob);
    return "lost";
  }
}

export function isReadable(store: ContentStore, digest: Digest): boolean {
  try {
    store.read(digest);
    return true;
  } catch (error) {
    if (InstarError.is(error, "DATA_DAMAGED")) return false;
    throw error;
  }
}

function makeFolder(at: Buffer, path: RawPath): void {
  try {
    mkdirSync(at, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST" || path !== "") throw error;
    if (readdirSync(at).length > 0) throw new InstarError("CONFLICT", `${renderRaw(at.toString("latin1"))} is not empty`, { cause: error });
  }
}

const WRITE_FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);

/** @returns whether its owner could be given back */
export async function writeFile(store: ContentStore, entry: FileEntry, at: Buffer, turns: Turns): Promise<boolean> {
  const file = openSync(at, WRITE_FLAGS, 0o600);
  try {
    let position = 0;
    for (const digest of entry.blobs) {
      const bytes = readBlob(store, digest, entry);
      if (entry.isSparse) writeAroundHoles(file, bytes, position);
      else writeAll(file, bytes, position);
      position += bytes.length;
      await turns.take(bytes.length);
    }
    if (position !== entry.size) throw damaged(entry, undefined);
    if (entry.isSparse) ftruncateSync(file, entry.size);
    // Owner first: giving a file away takes its set-user-id bit.
    const hasOwner = giveOwner(() => fchownSync(file, entry.uid, entry.gid));
    fchmodSync(file, entry.mode);
    const seconds = Number(entry.mtimeNs) / 1e9;
    futimesSync(file, seconds, seconds);
    return hasOwner;
  } finally {
    closeSync(file);
  }
}

/** For what is there already. False where the owner could not be given. */
export function applyAttributes(entry: TreeEntry, at: Buffer): boolean {
  const hasOwner = giveOwner(() => lchownSync(at, entry.uid, entry.gid));
  if (entry.kind !== "link") chmodSync(at, entry.mode);
  const seconds = Number(entry.mtimeNs) / 1e9;
  lutimesSync(at, seconds, seconds);
  return hasOwner;
}

function giveOwner(give: () => void): boolean {
  if (process.platform === "win32") return true;
  try {
    give();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") throw error;
    return false;
  }
}

function readBlob(store: ContentStore, digest: string, entry: FileEntry): Buffer {
  try {
    return store.read(digest);
  } catch (error) {
    throw InstarError.is(error, "DATA_DAMAGED") ? damaged(entry, error) : error;
  }
}

function damaged(entry: FileEntry, cause: unknown): InstarError {
  return new InstarError("DATA_DAMAGED", `${renderRaw(entry.path)} is not what was stored`, { cause, facts: { path: renderRaw(entry.path) } });
}

/** Holes are kept at this grain; every file system that has holes has blocks no larger. */
const HOLE_BYTES = 65_536;
const EMPTY = Buffer.alloc(HOLE_BYTES);

function writeAroundHoles(file: number, bytes: Buffer, at: number): void {
  for (let from = 0; from < bytes.length; ) {
    // Pieces lie as the file's own blocks do, whatever the chunks are.
    const piece = bytes.subarray(from, from + HOLE_BYTES - ((at + from) % HOLE_BYTES));
    if (!piece.equals(EMPTY.subarray(0, piece.length))) writeAll(file, piece, at + from);
    from += piece.length;
  }
}

function writeAll(file: number, bytes: Buffer, at: number): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done, bytes.length - done, at + done);
}
