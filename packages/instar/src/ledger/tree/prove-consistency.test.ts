import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EMPTY_ROOT } from "./hash-tree.ts";
import { flipBit, makeLeaves, naiveRoot, naiveSubproof, readerOf } from "./memory-tree.testing.ts";
import { proveConsistency, verifyConsistency } from "./prove-consistency.ts";
import { readMerkleVectors } from "./read-merkle-vectors.testing.ts";

const LEAVES = makeLeaves(1_400);
const sizes = fc.oneof(
  fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 })),
  fc.tuple(fc.integer({ min: 1, max: 1_400 }), fc.integer({ min: 1, max: 1_400 })),
);
const pair = sizes.map(([a, b]) => {
  const [size1, size2] = [Math.min(a, b), Math.max(a, b)];
  const leaves = LEAVES.slice(0, size2);
  return { leaves, size1, size2, root1: naiveRoot(LEAVES.slice(0, size1)), root2: naiveRoot(leaves), proof: proveConsistency(size1, size2, readerOf(leaves)) };
});

/** Its roots are texts of twelve letters, equal to each other. Here a root is 32 bytes, or nothing is verified. */
const STRICTER_HERE = "additional/sizes-are-equal-one-and-proof-is-empty";

describe("a proof that a tree begins with an older one", () => {
  it.each(readMerkleVectors("consistency"))("vector $name: $verifies", ({ name, first, size, hash, root, proof, verifies }) => {
    const verdict = verifyConsistency(proof, first, size, hash, root);
    expect(verdict.kind).toBe(verifies && name !== STRICTER_HERE ? "verified" : "refused");
  });
  it("of every two sizes of small trees is RFC 6962's, and verifies", () => {
    for (let size2 = 1; size2 <= 33; size2 += 1)
      for (let size1 = 1; size1 <= size2; size1 += 1) {
        const leaves = LEAVES.slice(0, size2);
        const proof = proveConsistency(size1, size2, readerOf(leaves));
        expect(proof).toEqual(naiveSubproof(size1, leaves, true));
        expect(verifyConsistency(proof, size1, size2, naiveRoot(leaves.slice(0, size1)), naiveRoot(leaves))).toEqual({ kind: "verified" });
      }
  });
  it("is made of tiles, verifies, and is refused with any bit turned, for other sizes, cut, longer, or with its roots exchanged", () => {
    fc.assert(
      fc.property(pair, fc.nat(), fc.integer({ min: 1, max: 1_400 }), ({ leaves, size1, size2, root1, root2, proof }, bit, other) => {
        const kindOf = (...args: Parameters<typeof verifyConsistency>) => verifyConsistency(...args).kind;
        expect(proof).toEqual(naiveSubproof(size1, leaves, true));
        expect(kindOf(proof, size1, size2, root1, root2)).toBe("verified");
        expect(kindOf(proof, size1, size2, flipBit(root1, bit), root2)).toBe("refused");
        expect(kindOf(proof, size1, size2, root1, flipBit(root2, bit))).toBe("refused");
        if (size1 !== size2) expect(kindOf(proof, size1, size2, root2, root1)).toBe("refused");
        if (other !== size1 && size1 !== size2) expect(kindOf(proof, other, size2, root1, root2)).toBe("refused");
        expect(kindOf([...proof, root2], size1, size2, root1, root2)).toBe("refused");
        expect(kindOf([root1, ...proof], size1, size2, root1, root2)).toBe("refused");
        if (proof.length === 0) return;
        const at = bit % proof.length;
        expect(kindOf(proof.with(at, flipBit(proof[at] ?? root1, bit)), size1, size2, root1, root2)).toBe("refused");
        expect(kindOf(proof.with(at, (proof[at] ?? root1).subarray(1)), size1, size2, root1, root2)).toBe("refused");
        expect(kindOf(proof.toSpliced(at, 1), size1, size2, root1, root2)).toBe("refused");
        expect(kindOf(proof.slice(0, -1), size1, size2, root1, root2)).toBe("refused");
        expect(kindOf([], size1, size2, root1, root2)).toBe("refused");
      }),
      { numRuns: 150 },
    );
  });
  it("of a log whose past was rewritten is refused: an entry exchanged, taken out, two that changed places, a tail that was cut", () => {
    const old = LEAVES.slice(0, 300);
    const [a, b] = [LEAVES[100] ?? EMPTY_ROOT, LEAVES[101] ?? EMPTY_ROOT];
    const rewritten: [string, Buffer[]][] = [
      ["exchanged", LEAVES.slice(0, 900).with(299, a)],
      ["taken out", LEAVES.slice(0, 900).toSpliced(17, 1)],
      ["changed places", LEAVES.slice(0, 900).with(100, b).with(101, a)],
      ["cut", [...LEAVES.slice(0, 299), ...LEAVES.slice(600, 900)]],
    ];
    for (const [name, leaves] of rewritten) {
      const proof = proveConsistency(300, leaves.length, readerOf(leaves));
      const verdict = verifyConsistency(proof, 300, leaves.length, naiveRoot(old), naiveRoot(leaves));
      expect([name, verdict]).toEqual([name, { kind: "refused", because: "the proof does not lead to the root of the 300 older entries" }]);
    }
  });
  it("is refused with half an entry, though the shape is that of the whole", () => {
    const leaves = LEAVES.slice(0, 6);
    const proof = proveConsistency(3, 6, readerOf(leaves));
    const [root1, root2] = [naiveRoot(leaves.slice(0, 3)), naiveRoot(leaves)];
    expect(verifyConsistency(proof, 3, 6, root1, root2).kind).toBe("verified");
    expect(verifyConsistency(proof, 3, 5.5, root1, root2).kind).toBe("refused");
    expect(verifyConsistency(proof, 2.5, 6, root1, root2).kind).toBe("refused");
  });
  it("is refused without its hash where that is the older root itself, since the entries are the same", () => {
    const [a = EMPTY_ROOT] = LEAVES;
    expect(verifyConsistency([a], 1, 2, a, naiveRoot([a, a]))).toEqual({ kind: "verified" });
    expect(verifyConsistency([], 1, 2, a, naiveRoot([a, a]))).toEqual({ kind: "refused", because: expect.stringMatching(/it takes 1$/) });
    expect(verifyConsistency([], 1, 2, a, a)).toEqual({ kind: "refused", because: expect.stringMatching(/it takes 1$/) });
  });
  it("from a power of two rests on the older root itself, so that a wrong one is noticed at the newer", () => {
    const leaves = LEAVES.slice(0, 700);
    const proof = proveConsistency(512, 700, readerOf(leaves));
    expect(verifyConsistency(proof, 512, 700, EMPTY_ROOT, naiveRoot(leaves))).toEqual({
      kind: "refused",
      because: "the proof does not lead to the root of the 700 entries",
    });
  });

  it.each([
    ["an older tree without entries", 0, 5],
    ["two trees without entries", 0, 0],
    ["an older tree that is larger", 6, 5],
    ["a negative size", -1, 5],
    ["half a size", 1.5, 5],
    ["a size beyond what a number counts", 1, 2 ** 53],
    ["no number", Number.NaN, Number.NaN],
  ])("is not made with bad input, and not verified: %s", (_, size1, size2) => {
    expect(() => proveConsistency(size1, size2, readerOf(LEAVES))).toThrow(expect.objectContaining({ code: "INPUT_INVALID" }));
    expect(verifyConsistency([], size1, size2, EMPTY_ROOT, EMPTY_ROOT).kind).toBe("refused");
  });
  it("of any bytes at any place gives an answer, and never the one that was hoped for", () => {
    const number = fc.oneof(fc.nat(2_000), fc.integer(), fc.double(), fc.maxSafeNat(), fc.constantFrom(2 ** 53, 2 ** 63, Number.POSITIVE_INFINITY));
    const bytes = fc.oneof(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.uint8Array({ maxLength: 40 }));
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 60 }), number, number, bytes, bytes, (proof, size1, size2, root1, root2) => {
        const isTrivial = size1 === size2 && Buffer.compare(root1, root2) === 0;
        if (!isTrivial) expect(verifyConsistency(proof, size1, size2, root1, root2)).toEqual({ kind: "refused", because: expect.stringMatching(/./) });
      }),
    );
  });
});
