import { InstarError } from "@instar/protocol";
import { type LeafRange, type ReadHashes, rangeHasher } from "./hash-range.ts";
import { assertSize, HASH_BYTES, hashChildren } from "./hash-tree.ts";
import type { ProofVerdict } from "./prove-inclusion.ts";
import { refused } from "./refused.ts";
import { splitPoint } from "./split-point.ts";

/**
 * That the tree of `size2` entries begins with all `size1` entries of the older one (RFC 6962 §2.1.2): hashes of 32 bytes, none where the sizes are equal.
 *
 * @throws InstarError INPUT_INVALID where one is no size, or not 0 < size1 <= size2: of an empty tree there is nothing to prove; LEDGER_DAMAGED where a tile
 * has a wrong length; what `readHashes` throws
 */
export function proveConsistency(size1: number, size2: number, readHashes: ReadHashes): Buffer[] {
  assertSize(size1);
  assertSize(size2);
  const because = findSizeProblem(size1, size2);
  if (because !== undefined) throw new InstarError("INPUT_INVALID", because);
  const { seam, siblings } = planConsistency(size1, size2);
  return [...(seam.start === 0 ? [] : [seam]), ...siblings].map(rangeHasher(size2, readHashes));
}

/**
 * Whether a proof that anybody may have made shows that the tree with `root2` begins with the one with `root1`. Throws nothing. An older tree without entries
 * is refused: all trees begin with it, and a caller who starts there has seen nothing yet that could be compared.
 */
export function verifyConsistency(proof: readonly Uint8Array[], size1: number, size2: number, root1: Uint8Array, root2: Uint8Array): ProofVerdict {
  const because = findSizeProblem(size1, size2);
  if (because !== undefined) return refused(because);
  const { seam, siblings } = planConsistency(size1, size2);
  const isOlderWhole = seam.start === 0;
  const wanted = siblings.length + (isOlderWhole ? 0 : 1);
  if (proof.length !== wanted) return refused(`the proof has ${proof.length} hashes; from ${size1} to ${size2} entries it takes ${wanted}`);
  if ([root1, root2, ...proof].some(({ length }) => length !== HASH_BYTES)) return refused(`a root or a hash of the proof is not ${HASH_BYTES} bytes`);

  const [begin = root1, ...hashes] = isOlderWhole ? [root1, ...proof] : proof;
  let [older, newer] = [begin, begin];
  for (const [at, hash] of hashes.entries()) {
    // What lies left of the seam is in both trees, what lies right of it only in the newer.
    const isInBoth = (siblings[at]?.start ?? size1) < seam.start;
    if (isInBoth) older = hashChildren(hash, older);
    newer = isInBoth ? hashChildren(hash, newer) : hashChildren(newer, hash);
  }
  if (Buffer.compare(older, root1) !== 0) return refused(`the proof does not lead to the root of the ${size1} older entries`);
  return Buffer.compare(newer, root2) === 0 ? { kind: "verified" } : refused(`the proof does not lead to the root of the ${size2} entries`);
}

interface ConsistencyPlan {
  /** The subtree that ends where the older tree ends. Where it is all of that tree, its root is known and not in the proof; else it is the proof's first. */
  readonly seam: LeafRange;
  /** Of the seam, of its parent, and so on up. */
  readonly siblings: readonly LeafRange[];
}

function planConsistency(size1: number, size2: number): ConsistencyPlan {
  const siblings: LeafRange[] = [];
  let [start, count] = [0, size2];
  while (start + count > size1) {
    const left = splitPoint(count);
    if (size1 <= start + left) {
      siblings.push({ start: start + left, count: count - left });
      count = left;
    } else {
      siblings.push({ start, count: left });
      [start, count] = [start + left, count - left];
    }
  }
  return { seam: { start, count }, siblings: siblings.reverse() };
}

function findSizeProblem(size1: number, size2: number): string | undefined {
  if (!Number.isSafeInteger(size1) || !Number.isSafeInteger(size2)) return `${size1} and ${size2} are not both numbers of entries`;
  if (size1 < 1) return "a proof from an empty tree shows nothing";
  return size1 > size2 ? `a tree of ${size2} entries does not come after one of ${size1}` : undefined;
}
