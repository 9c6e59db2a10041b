import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { frontierOf } from "./hash-range.ts";
import { EMPTY_ROOT, hashChildren, hashLeaf, openFrontier } from "./hash-tree.ts";
import { flipBit, makeLeaves, naivePath, naiveRoot, readerOf } from "./memory-tree.testing.ts";
import { proveConsistency, verifyConsistency } from "./prove-consistency.ts";
import { proveInclusion, verifyInclusion } from "./prove-inclusion.ts";
import { readMerkleVectors } from "./read-merkle-vectors.testing.ts";

const LEAVES = makeLeaves(1_400);
const tree = fc.tuple(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 1_400 })), fc.nat()).map(([size, any]) => {
  const leaves = LEAVES.slice(0, size);
  const index = any % size;
  return { leaves, size, index, leaf: LEAVES[index] ?? EMPTY_ROOT, root: naiveRoot(leaves), proof: proveInclusion(index, size, readerOf(leaves)) };
});

describe("a proof that an entry is in the tree", () => {
  it.each(readMerkleVectors("inclusion"))("vector $name: $verifies", ({ first, size, hash, root, proof, verifies }) => {
    expect(verifyInclusion(proof, first, size, hash, root).kind).toBe(verifies ? "verified" : "refused");
  });
  it("of every leaf of every small tree is RFC 6962's, and verifies", () => {
    for (let size = 1; size <= 33; size += 1)
      for (let index = 0; index < size; index += 1) {
        const leaves = LEAVES.slice(0, size);
        const proof = proveInclusion(index, size, readerOf(leaves));
        expect(proof).toEqual(naivePath(index, leaves));
        expect(verifyInclusion(proof, index, size, LEAVES[index] ?? EMPTY_ROOT, naiveRoot(leaves))).toEqual({ kind: "verified" });
      }
  });
  it("is made of tiles, verifies, and is refused with any bit turned, at another index or size, cut, longer, or in another order", () => {
    fc.assert(
      fc.property(tree, fc.nat(), fc.nat(1_500), ({ leaves, size, index, leaf, root, proof }, bit, other) => {
        const kindOf = (...args: Parameters<typeof verifyInclusion>) => verifyInclusion(...args).kind;
        expect(proof).toEqual(naivePath(index, leaves));
        expect(kindOf(proof, index, size, leaf, root)).toBe("verified");
        expect(kindOf(proof, index, size, flipBit(leaf, bit), root)).toBe("refused");
        expect(kindOf(proof, index, size, leaf, flipBit(root, bit))).toBe("refused");
        if (other !== index) expect(kindOf(proof, other, size, leaf, root)).toBe("refused");
        expect(kindOf([...proof, root], index, size, leaf, root)).toBe("refused");
        expect(kindOf([leaf, ...proof], index, size, leaf, root)).toBe("refused");
        if (proof.length === 0) return;
        const at = bit % proof.length;
        expect(kindOf(proof.with(at, flipBit(proof[at] ?? leaf, bit)), index, size, leaf, root)).toBe("refused");
        expect(kindOf(proof.with(at, (proof[at] ?? leaf).subarray(1)), index, size, leaf, root)).toBe("refused");
        expect(kindOf(proof.toSpliced(at, 1), index, size, leaf, root)).toBe("refused");
        expect(kindOf(proof.slice(1), index, size, leaf, root)).toBe("refused");
        expect(kindOf(proof.slice(0, -1), index, size, leaf, root)).toBe("refused");
        if (proof.length > 1) expect(kindOf(proof.toReversed(), index, size, leaf, root)).toBe("refused");
      }),
      { numRuns: 150 },
    );
  });
  it("of a tree with tiles of three levels verifies against the root that was reached by appending", () => {
    const leaves = makeLeaves(70_000);
    const frontier = openFrontier();
    const roots = [frontier.root()];
    for (const leaf of leaves) {
      frontier.append(leaf);
      roots.push(frontier.root());
    }
    const readHashes = readerOf(leaves);
    expect(frontierOf(70_000, readHashes).hashes).toEqual(frontier.hashes);
    for (const index of [0, 255, 256, 65_535, 65_536, 69_887, 69_888, 69_999]) {
      const proof = proveInclusion(index, 70_000, readHashes);
      expect([index, verifyInclusion(proof, index, 70_000, leaves[index] ?? EMPTY_ROOT, frontier.root())]).toEqual([index, { kind: "verified" }]);
    }
    for (const size of [1, 256, 65_535, 65_536, 65_537, 69_888, 69_999]) {
      const proof = proveConsistency(size, 70_000, readHashes);
      expect([size, verifyConsistency(proof, size, 70_000, roots[size] ?? EMPTY_ROOT, frontier.root())]).toEqual([size, { kind: "verified" }]);
    }
  });
  it("for another size is refused where the shape differs, whatever the root", () => {
    const proof = proveInclusion(2, 7, readerOf(LEAVES.slice(0, 7)));
    const verdicts = [1, 2, 3, 4, 9, 2 ** 40].map((size) => verifyInclusion(proof, 2, size, LEAVES[2] ?? EMPTY_ROOT, naiveRoot(LEAVES.slice(0, 7))).kind);
    expect(new Set(verdicts)).toEqual(new Set(["refused"]));
  });
  it("is refused with half an entry, though the shape is that of the whole", () => {
    const leaves = LEAVES.slice(0, 6);
    const proof = proveInclusion(5, 6, readerOf(leaves));
    expect(verifyInclusion(proof, 5, 5.5, LEAVES[5] ?? EMPTY_ROOT, naiveRoot(leaves))).toEqual({
      kind: "refused",
      because: "there is no entry 5 in a tree of 5.5 entries",
    });
  });
  it("of an inner node passed off as an entry is refused", () => {
    const [a, b] = LEAVES.slice(0, 2);
    const entry = Buffer.concat([a ?? EMPTY_ROOT, b ?? EMPTY_ROOT]);
    const parent = hashChildren(a ?? EMPTY_ROOT, b ?? EMPTY_ROOT);
    const root = naiveRoot(LEAVES.slice(0, 4));
    const [, sibling] = naivePath(0, LEAVES.slice(0, 4));
    expect(verifyInclusion([sibling ?? EMPTY_ROOT], 0, 2, hashLeaf(entry), root).kind).toBe("refused");
    // The size is what keeps this out: it is signed together with the root.
    expect(verifyInclusion([sibling ?? EMPTY_ROOT], 0, 4, parent, root).kind).toBe("refused");
  });
  it("in a tree of a million entries is 20 hashes, from six tiles at most", () => {
    const size = 2 ** 20;
    const read: string[] = [];
    const readHashes = (level: number, index: number, width: number) => {
      read.push(`${level}/${index}/${width}`);
      return Buffer.alloc(32 * width, level + 1);
    };
    const proof = proveInclusion(777_777, size, readHashes);
    expect([proof.length, Buffer.concat(proof).length]).toEqual([20, 640]);
    expect(read).toEqual(["0/3038/256", "1/11/256", "2/0/16"]);
    expect(frontierOf(size, readHashes).hashes).toHaveLength(1);
  });

  it.each([
    ["an index that is the size", 5, 5, "NOT_FOUND"],
    ["an index in an empty tree", 0, 0, "NOT_FOUND"],
    ["a negative index", -1, 5, "NOT_FOUND"],
    ["half an index", 0.5, 5, "NOT_FOUND"],
    ["a negative size", 0, -5, "INPUT_INVALID"],
    ["a size beyond what a number counts", 0, 2 ** 53, "INPUT_INVALID"],
  ])("is not made with bad input, and not verified: %s", (_, index, size, code) => {
    expect(() => proveInclusion(index, size, readerOf(LEAVES))).toThrow(expect.objectContaining({ code }));
    expect(verifyInclusion([], index, size, EMPTY_ROOT, EMPTY_ROOT).kind).toBe("refused");
  });
  it("is not made of a tile that has another length than was asked for", () => {
    for (const length of [0, 31, 32 * 4, 32 * 6])
      expect(() => proveInclusion(2, 5, () => Buffer.alloc(length))).toThrow(expect.objectContaining({ code: "LEDGER_DAMAGED" }));
  });
  it("of any bytes at any place gives an answer, and never the one that was hoped for", () => {
    const number = fc.oneof(fc.nat(2_000), fc.integer(), fc.double(), fc.maxSafeNat(), fc.constantFrom(2 ** 53, 2 ** 63, Number.POSITIVE_INFINITY));
    const bytes = fc.oneof(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.uint8Array({ maxLength: 40 }));
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 60 }), number, number, bytes, bytes, (proof, index, size, leaf, root) => {
        const isTrivial = index === 0 && size === 1 && Buffer.compare(leaf, root) === 0;
        if (!isTrivial) expect(verifyInclusion(proof, index, size, leaf, root)).toEqual({ kind: "refused", because: expect.stringMatching(/./) });
      }),
    );
  });
});
