import { hash } from "node:crypto";
import { InstarError } from "@instar/protocol";

export const HASH_BYTES = 32;

/** The root of a tree without leaves: SHA-256 of nothing (RFC 6962 §2.1). */
export const EMPTY_ROOT: Buffer = hash("sha256", "", "buffer");

/** Leaves and inner nodes begin with different bytes, so that no inner node can be passed off as an entry. */
const LEAF_PREFIX = 0x00;
const NODE_PREFIX = 0x01;

/** Of an entry as it is stored, of any length: 32 bytes. */
export function hashLeaf(entry: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(1 + entry.length);
  bytes[0] = LEAF_PREFIX;
  bytes.set(entry, 1);
  return hash("sha256", bytes, "buffer");
}

/** Of two neighbours, 32 bytes each: 32 bytes. @throws InstarError LEDGER_DAMAGED where one has another length */
export function hashChildren(left: Uint8Array, right: Uint8Array): Buffer {
  assertHash(left);
  assertHash(right);
  node.set(left, 1);
  node.set(right, 1 + HASH_BYTES);
  return hash("sha256", node, "buffer");
}

/** One for all calls: nothing here waits, and half of an append's time would go into making it anew. */
const node = Buffer.alloc(1 + 2 * HASH_BYTES, NODE_PREFIX);

/** The right edge of a growing tree: all that must be kept to append to it and to know its root. */
export interface Frontier {
  /** How many leaves there are. */
  readonly size: number;
  /** The roots of the complete subtrees that the leaves fall into, the largest and leftmost first; one for each bit of `size` that is set. */
  readonly hashes: readonly Buffer[];
  /** One hash of two neighbours on the average. @throws InstarError LEDGER_DAMAGED where it is not 32 bytes */
  append(leafHash: Uint8Array): void;
  /** As it is now; what is appended later does not change what was returned. */
  root(): Buffer;
}

/**
 * The frontier of a tree of `size` leaves, from the hashes that one of that size had; of an empty tree without arguments.
 * @throws InstarError INPUT_INVALID where `size` is no size, LEDGER_DAMAGED where the hashes are not as many as it takes, or no hashes
 */
export function openFrontier(size = 0, hashes: readonly Uint8Array[] = []): Frontier {
  assertSize(size);
  const wanted = countBits(size);
  if (hashes.length !== wanted) throw new InstarError("LEDGER_DAMAGED", `the right edge of a tree of ${size} leaves is ${wanted} hashes, not ${hashes.length}`);
  for (const each of hashes) assertHash(each);
  const edge: Buffer[] = hashes.map((each) => Buffer.from(each));
  let length = size;
  return {
    get size() {
      return length;
    },
    get hashes() {
      return [...edge];
    },
    append(leafHash) {
      assertHash(leafHash);
      let joined: Buffer = Buffer.from(leafHash);
      // Each bit that is set on the right is a complete subtree that the new one makes twice as large. No bit operations: they end at 32 bits.
      for (let rest = length; rest % 2 === 1; rest = (rest - 1) / 2) joined = hashChildren(edge.pop() ?? joined, joined);
      edge.push(joined);
      length += 1;
    },
    root: () => joinSubtrees(edge),
  };
}

/** The root over neighbouring complete subtrees, the largest and leftmost first. */
export function joinSubtrees(hashes: readonly Uint8Array[]): Buffer {
  const joined = hashes.reduceRight<Uint8Array | undefined>((right, left) => (right === undefined ? left : hashChildren(left, right)), undefined);
  return Buffer.from(joined ?? EMPTY_ROOT);
}

/** A number of leaves. @throws InstarError INPUT_INVALID */
export function assertSize(size: number): void {
  if (!Number.isSafeInteger(size) || size < 0) throw new InstarError("INPUT_INVALID", `${size} is no number of entries`);
}

function assertHash(bytes: Uint8Array): void {
  if (bytes.length !== HASH_BYTES) throw new InstarError("LEDGER_DAMAGED", `a hash of the tree is ${HASH_BYTES} bytes, not ${bytes.length}`);
}

function countBits(size: number): number {
  let bits = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) bits += rest % 2;
  return bits;
}
