import { assertSize, type Frontier, hashChildren, joinSubtrees, openFrontier } from "./hash-tree.ts";
import { hashesOfTile, TILE_WIDTH } from "./tile.ts";

/**
 * Gives the bytes of a tile of exactly `width` hashes, `width * 32` bytes. Where the partial tile is gone because a wider one replaced it, giving the
 * beginning of that is the reader's part. The bytes must not change afterwards.
 */
export type ReadHashes = (level: number, index: number, width: number) => Uint8Array;

/** Neighbouring leaves. `start` is a multiple of the least power of two that `count` does not exceed, as all ranges of RFC 6962 §2.1 are. */
export interface LeafRange {
  readonly start: number;
  readonly count: number;
}

interface Subtree {
  /** Over 2^height leaves. */
  readonly height: number;
  /** Position among the subtrees of its height. */
  readonly index: number;
}

/** One level of tiles is eight of the tree. */
const TILE_HEIGHT = 8;
/** Of the largest tree whose size is a safe integer. */
const HIGHEST = 52;

/** The root of a tree of `size` leaves. @throws InstarError INPUT_INVALID; LEDGER_DAMAGED where a tile has a wrong length; what `readHashes` throws */
export function rootOf(size: number, readHashes: ReadHashes): Buffer {
  return joinSubtrees(edgeOf(size, readHashes));
}

/** The frontier of a tree of `size` leaves, to go on appending. Throws as `rootOf` does. */
export function frontierOf(size: number, readHashes: ReadHashes): Frontier {
  return openFrontier(size, edgeOf(size, readHashes));
}

function edgeOf(size: number, readHashes: ReadHashes): Buffer[] {
  assertSize(size);
  return splitRange({ start: 0, count: size }).map(subtreeHasher(size, readHashes));
}

/** Hashes ranges of a tree of `size` leaves. Each tile is read once at most. Both throw as `rootOf` does. */
export function rangeHasher(size: number, readHashes: ReadHashes): (range: LeafRange) => Buffer {
  assertSize(size);
  const hashSubtree = subtreeHasher(size, readHashes);
  return (range) => joinSubtrees(splitRange(range).map(hashSubtree));
}

/** Into complete subtrees, the largest and leftmost first: one for each bit of the count that is set. */
function splitRange({ start, count }: LeafRange): Subtree[] {
  const subtrees: Subtree[] = [];
  let [at, left] = [start, count];
  for (let height = HIGHEST; height >= 0; height -= 1) {
    const leaves = 2 ** height;
    if (left < leaves) continue;
    subtrees.push({ height, index: at / leaves });
    at += leaves;
    left -= leaves;
  }
  return subtrees;
}

function subtreeHasher(size: number, readHashes: ReadHashes): (subtree: Subtree) => Buffer {
  const tiles = new Map<string, readonly Buffer[]>();
  const readTile = (level: number, index: number) => {
    const known = tiles.get(`${level}/${index}`);
    if (known !== undefined) return known;
    const width = Math.min(TILE_WIDTH, Math.floor(size / TILE_WIDTH ** level) - index * TILE_WIDTH);
    const hashes = hashesOfTile(readHashes(level, index, width), width);
    tiles.set(`${level}/${index}`, hashes);
    return hashes;
  };
  return ({ height, index }) => {
    const level = Math.floor(height / TILE_HEIGHT);
    const span = 2 ** (height % TILE_HEIGHT);
    const first = index * span;
    const tile = Math.floor(first / TILE_WIDTH);
    const begin = first - tile * TILE_WIDTH;
    return joinAll(readTile(level, tile).slice(begin, begin + span));
  };
}

/** The root of a complete subtree of its lowest hashes, a power of two of them. */
function joinAll(hashes: readonly Buffer[]): Buffer {
  const [left, right] = hashes;
  if (left === undefined || right === undefined) return Buffer.from(left ?? []);
  if (hashes.length === 2) return hashChildren(left, right);
  return hashChildren(joinAll(hashes.slice(0, hashes.length / 2)), joinAll(hashes.slice(hashes.length / 2)));
}
