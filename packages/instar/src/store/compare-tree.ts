import { closeSync, constants, openSync, readdirSync, readSync } from "node:fs";
import type { ContentStore } from "./content-store.ts";
import { digestOf } from "./pack-format.ts";
import { joinRaw, locate, type RawPath } from "./raw-path.ts";
import { createTurns, type Turns } from "./take-turns.ts";
import type { FileEntry, TreeEntry } from "./tree-format.ts";
import { type FoundEntry, readEntry } from "./walk-tree.ts";

/**
 * Which entries of a folder are not what a tree says, by reading every byte of it: files that are missing or too many, and those that differ in
 * kind, bytes, mode, owner, time or links.
 */
export async function compareTree(
  store: ContentStore,
  entries: readonly TreeEntry[],
  root: string,
  options: { signal?: AbortSignal | undefined; compareOwners?: boolean } = {},
): Promise<RawPath[]> {
  const turns = createTurns(options.signal);
  const wanted = new Set(entries.map(({ path }) => path));
  const inodes = new Map<RawPath, string>();
  const differs: RawPath[] = [];
  const bytes = new ByteComparer(store, turns);
  for (const entry of entries) {
    await turns.take();
    const there = readEntry(root, entry.path);
    if (there?.kind === "file" && there.linkCount > 1) inodes.set(entry.path, `${there.dev}:${there.ino}`);
    const isSame =
      there !== undefined &&
      hasAttributes(entry, there, options.compareOwners !== false) &&
      (entry.kind !== "same" || (inodes.has(entry.path) && inodes.get(entry.path) === inodes.get(entry.sameAs))) &&
      (entry.kind !== "file" || (await bytes.areThose(entry, locate(root, entry.path))));
    if (!isSame) differs.push(entry.path);
    if (there?.kind === "folder")
      for (const name of readdirSync(locate(root, entry.path), "latin1")) {
        const path = joinRaw(entry.path, name);
        if (!wanted.has(path)) differs.push(path);
      }
  }
  return differs;
}

function hasAttributes(entry: TreeEntry, there: FoundEntry, compareOwners: boolean): boolean {
  if (there.kind !== (entry.kind === "same" ? "file" : entry.kind) || there.target !== (entry.kind === "link" ? entry.target : undefined)) return false;
  if (entry.kind !== "link" && there.mode !== entry.mode) return false;
  if (compareOwners && process.platform !== "win32" && (there.uid !== entry.uid || there.gid !== entry.gid)) return false;
  return isSameTime(entry.mtimeNs, there.mtimeNs);
}

/** Times are given back as a count of seconds with a fraction, whose last binary digit is a quarter of a microsecond. */
export function isSameTime(a: bigint, b: bigint): boolean {
  const apart = a < b ? b - a : a - b;
  return apart < 1_000n;
}

const READ_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** Tells whether files have the bytes that blobs have, by what those are called: the blobs themselves are not read. */
export class ByteComparer {
  readonly #store: ContentStore;
  readonly #turns: Turns;
  #buffer = Buffer.allocUnsafeSlow(65_536);

  constructor(store: ContentStore, turns: Turns) {
    this.#store = store;
    this.#turns = turns;
  }

  /** @throws what the operating system throws where it cannot be opened or read */
  async areThose(entry: FileEntry, at: Buffer): Promise<boolean> {
    const file = openSync(at, READ_FLAGS);
    try {
      let position = 0;
      for (const digest of entry.blobs) {
        // A file of one blob is as long as that, also where the store has lost it.
        const sizeBytes = entry.blobs.length === 1 ? entry.size : this.#store.sizeOf(digest);
        if (sizeBytes === undefined) return false;
        const bytes = this.#read(file, sizeBytes, position);
        await this.#turns.take(bytes.length);
        if (bytes.length !== sizeBytes || digestOf(bytes) !== digest) return false;
        position += sizeBytes;
      }
      return position === entry.size && this.#read(file, 1, position).length === 0;
    } finally {
      closeSync(file);
    }
  }

  #read(file: number, length: number, position: number): Buffer {
    if (this.#buffer.length < length) this.#buffer = Buffer.allocUnsafeSlow(length);
    let done = 0;
    while (done < length) {
      const count = readSync(file, this.#buffer, done, length - done, position + done);
      if (count === 0) break;
      done += count;
    }
    return this.#buffer.subarray(0, done);
  }
}
