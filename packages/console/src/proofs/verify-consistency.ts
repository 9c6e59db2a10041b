import { HASH_BYTES, isSameBytes } from "./bytes.ts";
import { hashChildren, planWay } from "./hash-tree.ts";
import { type Refused, refused } from "./proof-verdict.ts";

export interface TreeHead {
  readonly size: number;
  readonly root: Uint8Array;
}

/**
 * Whether a proof that anybody may have made shows that the newer tree begins with all entries of the older one (RFC 6962 §2.1.2). An older tree without
 * entries is refused: all trees begin with it, so it shows nothing.
 */
export async function verifyConsistency(proof: readonly Uint8Array[], older: TreeHead, newer: TreeHead): Promise<{ readonly kind: "verified" } | Refused> {
  if (!Number.isSafeInteger(older.size) || !Number.isSafeInteger(newer.size) || older.size < 1) return refused("a proof from an empty tree shows nothing");
  if (older.size > newer.size) return refused(`a tree of ${newer.size} entries does not come after one of ${older.size}`);
  const { end: seam, siblings } = planWay(newer.size, older.size - 1, ({ start, count }) => start + count <= older.size);
  // Where the seam is all of the older tree its root is known, and not in the proof.
  const isOlderWhole = seam.start === 0;
  const wanted = siblings.length + (isOlderWhole ? 0 : 1);
  if (proof.length !== wanted) return refused(`the proof has ${proof.length} hashes; from ${older.size} to ${newer.size} entries it takes ${wanted}`);
  if ([older.root, newer.root, ...proof].some(({ length }) => length !== HASH_BYTES))
    return refused(`a root or a hash of the proof is not ${HASH_BYTES} bytes`);

  const [begin = older.root, ...hashes] = isOlderWhole ? [older.root, ...proof] : proof;
  let [then, now] = [begin, begin];
  for (const [at, hash] of hashes.entries()) {
    // What lies left of the seam is in both trees, what lies right of it only in the newer.
    const isInBoth = (siblings[at]?.start ?? older.size) < seam.start;
    if (isInBoth) then = await hashChildren(hash, then);
    now = isInBoth ? await hashChildren(hash, now) : await hashChildren(now, hash);
  }
  if (!isSameBytes(then, older.root)) return refused(`the first ${older.size} entries are not those that were signed then`);
  return isSameBytes(now, newer.root) ? { kind: "verified" } : refused(`the proof does not lead to the root of the ${newer.size} entries`);
}
