import { InstarError } from "@instar/protocol";
import { type LeafRange, type ReadHashes, rangeHasher } from "./hash-range.ts";
import { assertSize, HASH_BYTES, hashChildren } from "./hash-tree.ts";
import { type Refused, refused } from "./refused.ts";
import { splitPoint } from "./split-point.ts";

export type ProofVerdict = { readonly kind: "verified" } | Refused;

/**
 * That the entry at `index` is in the tree of `size` entries (RFC 6962 §2.1.1): the hashes of the leaf's siblings from the leaf up, 32 bytes each, 20 of them
 * in a tree of a million entries. A size at which the tree was smaller may be asked for as long as its tiles can be read.
 *
 * @throws InstarError NOT_FOUND where the tree has no such entry, INPUT_INVALID where `size` is no size; LEDGER_DAMAGED where a tile has a wrong length; what
 * `readHashes` throws
 */
export function proveInclusion(index: number, size: number, readHashes: ReadHashes): Buffer[] {
  assertSize(size);
  if (!isIndex(index, size)) throw new InstarError("NOT_FOUND", `there is no entry ${index} in a tree of ${size} entries`);
  return planInclusion(index, size).map(rangeHasher(size, readHashes));
}

/** Whether a proof that anybody may have made shows that `leafHash` is at `index` of the tree with that size and root. Throws nothing. */
export function verifyInclusion(proof: readonly Uint8Array[], index: number, size: number, leafHash: Uint8Array, root: Uint8Array): ProofVerdict {
  if (!Number.isSafeInteger(size) || !isIndex(index, size)) return refused(`there is no entry ${index} in a tree of ${size} entries`);
  const siblings = planInclusion(index, size);
  if (proof.length !== siblings.length)
    return refused(`the proof has ${proof.length} hashes; for entry ${index} of a tree of ${size} entries it takes ${siblings.length}`);
  if ([leafHash, root, ...proof].some(({ length }) => length !== HASH_BYTES))
    return refused(`the root, the entry's hash or one of the proof is not ${HASH_BYTES} bytes`);
  let reached: Uint8Array = leafHash;
  for (const [at, sibling] of proof.entries()) reached = isLeft(siblings[at], index) ? hashChildren(sibling, reached) : hashChildren(reached, sibling);
  return Buffer.compare(reached, root) === 0 ? { kind: "verified" } : refused(`the proof does not lead from entry ${index} to the root of the ${size} entries`);
}

/** What the siblings of the leaf, of its parent, and so on up, are the roots of. */
function planInclusion(index: number, size: number): LeafRange[] {
  const siblings: LeafRange[] = [];
  let [start, count] = [0, size];
  while (count > 1) {
    const left = splitPoint(count);
    if (index < start + left) {
      siblings.push({ start: start + left, count: count - left });
      count = left;
    } else {
      siblings.push({ start, count: left });
      [start, count] = [start + left, count - left];
    }
  }
  return siblings.reverse();
}

const isLeft = (sibling: LeafRange | undefined, index: number) => sibling !== undefined && sibling.start < index;
const isIndex = (index: number, size: number) => Number.isSafeInteger(index) && index >= 0 && index < size;
