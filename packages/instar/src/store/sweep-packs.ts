import { statSync } from "node:fs";
import type { Digest } from "./pack-format.ts";
import type { IndexedPack, PackIndex } from "./pack-index.ts";
import type { StoreFiles } from "./store-files.ts";
import { StoreWriter } from "./store-writer.ts";

export interface Swept {
  readonly freedBytes: number;
  readonly removedPacks: number;
  readonly rewrittenPacks: number;
  /** Wanted and not there, or damaged: while there are any, packs that cannot be read are kept. */
  readonly missing: readonly Digest[];
  /** False where it gave way to a writer: a later sweep goes on. */
  readonly isDone: boolean;
}

/** A pack is rewritten once less than this share of it is wanted: copying half of it to free the other half is a fair price. */
const REWRITE_BELOW = 0.5;
/** Each snapshot adds a pack, however small; beyond so many, small ones are put together. */
const SMALL_BYTES = 1_048_576;
const SMALL_PACKS = 64;
/** Rewritten together, and then freed together. */
const GROUP_BYTES = 64 * 1_048_576;

interface SweepRoom {
  readonly index: PackIndex;
  readonly folder: string;
  readonly files: StoreFiles;
  read(digest: Digest): Buffer;
  readonly wanted: ReadonlySet<Digest>;
  isWanted(): boolean;
}

/**
 * Removes packs that hold nothing wanted, and rewrites those that hold little. What is rewritten is durable before its old pack goes, so a crash
 * leaves both, and the next sweep removes the older. A pack of which a blob reads wrong stays as it is.
 */
export async function sweepPacks(room: SweepRoom): Promise<Swept> {
  const missing = [...room.wanted].filter((digest) => !room.index.has(digest));
  const weighed = room.index.packs.map((pack) => weigh(pack, room));
  const dead = weighed.filter(({ wanted }) => wanted.length === 0);
  const small = weighed.filter(({ wanted, fileBytes }) => wanted.length > 0 && fileBytes < SMALL_BYTES);
  const sparse = weighed.filter(
    (one) => one.wanted.length > 0 && (one.wantedBytes < one.sizeBytes * REWRITE_BELOW || (small.length > SMALL_PACKS && small.includes(one))),
  );
  const unreadable = missing.length === 0 ? room.index.unreadable : [];
  let freedBytes = await removePacks(room, [...dead.map(({ pack }) => pack.path), ...unreadable]);
  const removedPacks = dead.length + unreadable.length;
  let rewrittenPacks = 0;
  for (const group of groupBySize(sparse)) {
    if (room.isWanted()) return { freedBytes, removedPacks, rewrittenPacks, missing, isDone: false };
    const rewritten = await rewrite(room, group);
    freedBytes += rewritten.freedBytes;
    rewrittenPacks += rewritten.packs;
  }
  return { freedBytes, removedPacks, rewrittenPacks, missing, isDone: true };
}

interface WeighedPack {
  readonly pack: IndexedPack;
  readonly fileBytes: number;
  readonly sizeBytes: number;
  readonly wanted: readonly Digest[];
  readonly wantedBytes: number;
}

/** What is wanted of a pack, other than what is found in another. */
function weigh(pack: IndexedPack, { index, wanted }: SweepRoom): WeighedPack {
  const digests: Digest[] = [];
  let [sizeBytes, wantedBytes] = [0, 0];
  for (let number = 0; number < pack.table.blobs; number += 1) {
    const digest = pack.table.digest(number);
    const blob = pack.table.blob(number);
    sizeBytes += blob.sizeBytes;
    if (!wanted.has(digest) || index.find(digest)?.pack !== pack) continue;
    digests.push(digest);
    wantedBytes += blob.sizeBytes;
  }
  return { pack, fileBytes: readSize(pack.path), sizeBytes, wanted: digests, wantedBytes };
}

function groupBySize(packs: readonly WeighedPack[]): WeighedPack[][] {
  const groups: WeighedPack[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const one of packs) {
    if (bytes + one.wantedBytes > GROUP_BYTES) bytes = groups.push([]) * 0;
    groups.at(-1)?.push(one);
    bytes += one.wantedBytes;
  }
  return groups;
}

async function rewrite(room: SweepRoom, group: readonly WeighedPack[]): Promise<{ freedBytes: number; packs: number }> {
  const added: string[] = [];
  const onPack = (path: string) => {
    if (room.index.add(path)) added.push(path);
  };
  const writer = new StoreWriter({ folder: room.folder, files: room.files, has: () => false, onPack });
  const done: string[] = [];
  try {
    for (const { pack, wanted } of group) if (await copyBlobs(room, writer, wanted)) done.push(pack.path);
    await writer.flush();
  } finally {
    await writer.abandon();
  }
  const freedBytes = await removePacks(room, done);
  return { freedBytes: freedBytes - added.reduce((sum, path) => sum + readSize(path), 0), packs: done.length };
}

/** False where one of them cannot be read: what else the pack holds may still be read one day. */
async function copyBlobs(room: SweepRoom, writer: StoreWriter, wanted: readonly Digest[]): Promise<boolean> {
  for (const digest of wanted) {
    let bytes: Buffer;
    try {
      bytes = room.read(digest);
    } catch {
      return false;
    }
    await writer.add(bytes);
  }
  return true;
}

async function removePacks(room: SweepRoom, paths: readonly string[]): Promise<number> {
  let freedBytes = 0;
  for (const path of paths) {
    const sizeBytes = readSize(path);
    await room.files.remove(path);
    freedBytes += sizeBytes;
  }
  room.index.drop(paths);
  if (paths.length > 0) await room.files.syncFolder(room.folder);
  return freedBytes;
}

const readSize = (path: string) => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
