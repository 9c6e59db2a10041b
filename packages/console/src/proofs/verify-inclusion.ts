import { HASH_BYTES, isSameBytes } from "./bytes.ts";
import { hashChildren, planWay } from "./hash-tree.ts";
import { type Refused, refused } from "./proof-verdict.ts";

/** Whether a proof that anybody may have made shows that `leafHash` is at `index` of the tree with that size and root (RFC 6962 §2.1.1). */
export async function verifyInclusion(
  proof: readonly Uint8Array[],
  index: number,
  size: number,
  leafHash: Uint8Array,
  root: Uint8Array,
): Promise<{ readonly kind: "verified" } | Refused> {
  if (!Number.isSafeInteger(size) || !Number.isSafeInteger(index) || index < 0 || index >= size)
    return refused(`there is no entry ${index} in a tree of ${size} entries`);
  const { siblings } = planWay(size, index, ({ count }) => count === 1);
  if (proof.length !== siblings.length)
    return refused(`the proof has ${proof.length} hashes; for entry ${index} of ${size} entries it takes ${siblings.length}`);
  if ([leafHash, root, ...proof].some(({ length }) => length !== HASH_BYTES)) return refused(`the root or a hash of the proof is not ${HASH_BYTES} bytes`);
  let reached = leafHash;
  for (const [at, hash] of proof.entries()) {
    const isLeft = (siblings[at]?.start ?? 0) < index;
    reached = isLeft ? await hashChildren(hash, reached) : await hashChildren(reached, hash);
  }
  return isSameBytes(reached, root) ? { kind: "verified" } : refused(`the proof does not lead from entry ${index} to the signed root of the ${size} entries`);
}
