import { InstarError } from "@instar/protocol";
import { assertSize, HASH_BYTES } from "./hash-tree.ts";

/** How many hashes a full tile has, and how many entries a full bundle (C2SP tlog-tiles). */
export const TILE_WIDTH = 256;

/** The length before an entry is two bytes. */
const LONGEST_ENTRY_BYTES = 65_535;
const LENGTH_BYTES = 2;
const HIGHEST_LEVEL = 63;

export interface Tile {
  readonly level: number;
  readonly index: number;
  /** 1 to 256 hashes; below 256 it is partial and will be replaced by a wider one. */
  readonly width: number;
}

/**
 * Where a tile lies below the log's folder: `tile/0/x001/x234/067`, a partial one with `.p/<width>` behind.
 * @throws InstarError INPUT_INVALID where there is no such tile
 */
export function tilePath(level: number, index: number, width: number = TILE_WIDTH): string {
  if (!Number.isInteger(level) || level < 0 || level > HIGHEST_LEVEL) throw new InstarError("INPUT_INVALID", `${level} is no level of tiles`);
  return `tile/${level}/${placeOf(index, width)}`;
}

/** Where a bundle of entries lies: `tile/entries/x001/x234/067`. @throws InstarError INPUT_INVALID where there is no such bundle */
export function entriesPath(index: number, width: number = TILE_WIDTH): string {
  return `tile/entries/${placeOf(index, width)}`;
}

/** Three digits a folder, all but the last with an x before: so no file ever stands where a folder must. */
function placeOf(index: number, width: number): string {
  if (!Number.isSafeInteger(index) || index < 0) throw new InstarError("INPUT_INVALID", `${index} is no index of a tile`);
  assertWidth(width);
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, "0").match(/\d{3}/g) ?? [];
  const path = groups.map((group, at) => (at === groups.length - 1 ? group : `x${group}`)).join("/");
  return width === TILE_WIDTH ? path : `${path}.p/${width}`;
}

/**
 * The tiles of a tree of `size` leaves that a tree of `since` leaves did not have, or had narrower: level by level from the leaves up, each level from left
 * to right. For each tile of level 0 there is a bundle of entries with the same index and width. Made one by one, since a large tree has many.
 *
 * @throws InstarError INPUT_INVALID where one of the two is no size, or `since` is the larger
 */
export function tilesOf(size: number, since = 0): Iterable<Tile> {
  assertSize(size);
  assertSize(since);
  if (since > size) throw new InstarError("INPUT_INVALID", `a tree of ${size} entries does not come after one of ${since}`);
  return listTiles(size, since);
}

function* listTiles(size: number, since: number): Iterable<Tile> {
  let [hashes, known] = [size, since];
  for (let level = 0; hashes > 0; level += 1) {
    if (hashes > known)
      for (let index = Math.floor(known / TILE_WIDTH); index * TILE_WIDTH < hashes; index += 1)
        yield { level, index, width: Math.min(TILE_WIDTH, hashes - index * TILE_WIDTH) };
    // Only full tiles are hashed into the level above.
    [hashes, known] = [Math.floor(hashes / TILE_WIDTH), Math.floor(known / TILE_WIDTH)];
  }
}

/**
 * Entries one behind the other, the length of each before it in two bytes, the higher first.
 * @throws InstarError INPUT_INVALID where they are none or more than 256, or one is longer than 65,535 bytes
 */
export function encodeBundle(entries: readonly Uint8Array[]): Buffer {
  assertWidth(entries.length);
  const parts = entries.flatMap((entry, at) => {
    if (entry.length > LONGEST_ENTRY_BYTES)
      throw new InstarError("INPUT_INVALID", `entry ${at} of the bundle has ${entry.length} bytes; at most ${LONGEST_ENTRY_BYTES} are taken`);
    return [Uint8Array.of(entry.length >> 8, entry.length & 0xff), entry];
  });
  return Buffer.concat(parts);
}

/**
 * The entries of a bundle, as views of `bytes`.
 * @throws InstarError INPUT_INVALID where no bundle has so many entries, LEDGER_DAMAGED where this one has others than so many, or is cut off, or goes on
 */
export function decodeBundle(bytes: Uint8Array, expectedCount: number): Buffer[] {
  assertWidth(expectedCount);
  const whole = viewOf(bytes);
  const entries: Buffer[] = [];
  let at = 0;
  while (entries.length < expectedCount) {
    const begin = at + LENGTH_BYTES;
    const end = begin <= whole.length ? begin + whole.readUInt16BE(at) : Number.POSITIVE_INFINITY;
    if (end > whole.length) throw new InstarError("LEDGER_DAMAGED", `the bundle ends within entry ${entries.length} of ${expectedCount}`);
    entries.push(whole.subarray(begin, end));
    at = end;
  }
  if (at < whole.length) throw new InstarError("LEDGER_DAMAGED", `the bundle goes on for ${whole.length - at} bytes after its ${expectedCount} entries`);
  return entries;
}

/**
 * The hashes of a tile of that width, 32 bytes each, as views of `bytes`.
 * @throws InstarError INPUT_INVALID where no tile has that width, LEDGER_DAMAGED where this one has another length
 */
export function hashesOfTile(bytes: Uint8Array, width: number = TILE_WIDTH): Buffer[] {
  assertWidth(width);
  if (bytes.length !== width * HASH_BYTES)
    throw new InstarError("LEDGER_DAMAGED", `a tile of ${width} hashes has ${width * HASH_BYTES} bytes, not ${bytes.length}`);
  const whole = viewOf(bytes);
  return Array.from({ length: width }, (_, at) => whole.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES));
}

const viewOf = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function assertWidth(width: number): void {
  if (!Number.isInteger(width) || width < 1 || width > TILE_WIDTH)
    throw new InstarError("INPUT_INVALID", `a tile or bundle is 1 to ${TILE_WIDTH} wide, not ${width}`);
}
