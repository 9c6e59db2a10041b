import canonicalize from "canonicalize";
import fc from "fast-check";
import { expect, it } from "vitest";
import { renderCanonical } from "../../packages/console/src/proofs/canonical-json.ts";
import { hashLeaf } from "../../packages/console/src/proofs/hash-tree.ts";
import { verifyConsistency } from "../../packages/console/src/proofs/verify-consistency.ts";
import { verifyInclusion } from "../../packages/console/src/proofs/verify-inclusion.ts";
import { makeLeaves, naivePath, naiveRoot, naiveSubproof } from "../../packages/instar/src/ledger/tree/memory-tree.testing.ts";

const MOST = 40;
const leaves = makeLeaves(MOST);
const headOf = (size: number) => ({ size, root: naiveRoot(leaves.slice(0, size)) });

it("takes the proof by definition from every older tree to every newer one, and no other pair's", async () => {
  for (let newer = 1; newer <= MOST; newer += 1)
    for (let older = 1; older <= newer; older += 1) {
      const proof = naiveSubproof(older, leaves.slice(0, newer), true);
      expect(await verifyConsistency(proof, headOf(older), headOf(newer))).toEqual({ kind: "verified" });
      if (older > 1) expect((await verifyConsistency(proof, { ...headOf(older), root: headOf(older - 1).root }, headOf(newer))).kind).toBe("refused");
      if (newer < MOST) expect((await verifyConsistency(proof, headOf(older), { ...headOf(newer), root: headOf(newer + 1).root })).kind).toBe("refused");
    }
});

it("shows nothing from an empty tree, and from no later one", async () => {
  expect((await verifyConsistency([], headOf(0), headOf(3))).kind).toBe("refused");
  expect((await verifyConsistency([], headOf(4), headOf(3))).kind).toBe("refused");
});

it("takes the path by definition of every entry, and at no other place", async () => {
  for (let size = 1; size <= MOST; size += 1)
    for (let index = 0; index < size; index += 1) {
      const path = naivePath(index, leaves.slice(0, size));
      const leaf = leaves[index] ?? new Uint8Array();
      expect(await verifyInclusion(path, index, size, leaf, headOf(size).root)).toEqual({ kind: "verified" });
      expect((await verifyInclusion(path, index + 1, size, leaf, headOf(size).root)).kind).toBe("refused");
    }
});

it("hashes a leaf as the ledger does", async () => {
  expect(Buffer.from(await hashLeaf(Buffer.from("entry 7"))).equals(leaves[7] ?? Buffer.of())).toBe(true);
});

it("writes JSON as the ledger does, whatever it holds", () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: "grapheme" }), (value) => {
      expect(renderCanonical(value)).toBe(canonicalize(value));
    }),
  );
  expect(() => renderCanonical({ half: "\ud800" })).toThrow(TypeError);
});
