import type { ReadHashes } from "./hash-range.ts";
import { EMPTY_ROOT, hashChildren, hashLeaf } from "./hash-tree.ts";
import { TILE_WIDTH } from "./tile.ts";

/** Leaves that differ. */
export const makeLeaves = (count: number): Buffer[] => Array.from({ length: count }, (_, at) => hashLeaf(Buffer.from(`entry ${at}`)));

/** RFC 6962 §2.1 word for word: slow, and nothing of it is shared with what it is compared to. */
export function naiveRoot(leaves: readonly Buffer[]): Buffer {
  const [first] = leaves;
  if (first === undefined) return EMPTY_ROOT;
  if (leaves.length === 1) return first;
  const k = halve(leaves.length);
  return hashChildren(naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)));
}

/** PATH(m, D[n]) of RFC 6962 §2.1.1. */
export function naivePath(m: number, leaves: readonly Buffer[]): Buffer[] {
  if (leaves.length === 1) return [];
  const k = halve(leaves.length);
  return m < k ? [...naivePath(m, leaves.slice(0, k)), naiveRoot(leaves.slice(k))] : [...naivePath(m - k, leaves.slice(k)), naiveRoot(leaves.slice(0, k))];
}

/** SUBPROOF(m, D[n], b) of RFC 6962 §2.1.2. */
export function naiveSubproof(m: number, leaves: readonly Buffer[], b: boolean): Buffer[] {
  if (m === leaves.length) return b ? [] : [naiveRoot(leaves)];
  const k = halve(leaves.length);
  return m <= k
    ? [...naiveSubproof(m, leaves.slice(0, k), b), naiveRoot(leaves.slice(k))]
    : [...naiveSubproof(m - k, leaves.slice(k), false), naiveRoot(leaves.slice(0, k))];
}

function halve(n: number): number {
  return 2 ** (Math.ceil(Math.log2(n)) - 1);
}

/** The tiles of a tree with these leaves, as a reader of them. A tile that no tree of this size has is an error. */
export function readerOf(leaves: readonly Buffer[]): ReadHashes {
  const levels: (readonly Buffer[])[] = [leaves];
  for (let below = leaves; below.length >= TILE_WIDTH; ) {
    const above = Array.from({ length: Math.floor(below.length / TILE_WIDTH) }, (_, at) => naiveRoot(below.slice(at * TILE_WIDTH, (at + 1) * TILE_WIDTH)));
    levels.push(above);
    below = above;
  }
  return (level, index, width) => {
    const hashes = levels[level]?.slice(index * TILE_WIDTH, (index + 1) * TILE_WIDTH) ?? [];
    if (hashes.length !== width) throw new Error(`no tile ${level}/${index} is ${width} wide, but ${hashes.length}`);
    return Buffer.concat(hashes);
  };
}

/** The same bytes with one bit turned. */
export function flipBit(bytes: Uint8Array, bit: number): Buffer {
  const flipped = Buffer.from(bytes);
  const at = Math.floor(bit / 8) % flipped.length;
  flipped[at] = (flipped[at] ?? 0) ^ (1 << (bit % 8));
  return flipped;
}
