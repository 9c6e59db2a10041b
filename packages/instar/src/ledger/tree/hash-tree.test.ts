import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { frontierOf, rootOf } from "./hash-range.ts";
import { EMPTY_ROOT, hashChildren, hashLeaf, openFrontier } from "./hash-tree.ts";
import { makeLeaves, naiveRoot, readerOf } from "./memory-tree.testing.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
/** The eight entries of the Certificate Transparency test tree, and the roots of its beginnings. */
const ENTRIES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
const ROOTS = [
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

describe("the hash of the tree", () => {
  it("is RFC 6962's: of nothing, of a leaf, of an empty leaf, of a node", () => {
    expect(hex(EMPTY_ROOT)).toBe(ROOTS[0]);
    expect(hex(hashLeaf(Buffer.from("L123456")))).toBe("395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56");
    expect(hex(hashLeaf(Buffer.alloc(0)))).toBe(ROOTS[1]);
    const [left, right] = [hashLeaf(Buffer.from(ENTRIES[0] ?? "", "hex")), hashLeaf(Buffer.from(ENTRIES[1] ?? "", "hex"))];
    expect(hex(hashChildren(left, right))).toBe(ROOTS[2]);
  });
  it("tells a leaf from a node, and left from right", () => {
    const [left, right] = [hashLeaf(Buffer.from("a")), hashLeaf(Buffer.from("b"))];
    expect(hashLeaf(Buffer.concat([left, right]))).not.toEqual(hashChildren(left, right));
    expect(hashChildren(right, left)).not.toEqual(hashChildren(left, right));
  });
  it.each([[0], [31], [33], [64]])("is not taken of a neighbour of %i bytes", (length) => {
    const [good, bad] = [Buffer.alloc(32), Buffer.alloc(length)];
    expect(() => hashChildren(good, bad)).toThrow(expect.objectContaining({ code: "LEDGER_DAMAGED" }));
    expect(() => hashChildren(bad, good)).toThrow(expect.objectContaining({ code: "LEDGER_DAMAGED" }));
  });
});

describe("the frontier", () => {
  it("has the roots of the Certificate Transparency test tree", () => {
    const frontier = openFrontier();
    const roots = [hex(frontier.root())];
    for (const entry of ENTRIES) {
      frontier.append(hashLeaf(Buffer.from(entry, "hex")));
      roots.push(hex(frontier.root()));
    }
    expect(roots).toEqual(ROOTS);
    expect([frontier.size, frontier.hashes.map(hex)]).toEqual([8, [ROOTS[8]]]);
  });

  const leaves = makeLeaves(1_500);
  it("is the naive root's and the tiles' equal, at every size around the borders of tiles", () => {
    const frontier = openFrontier();
    for (const [at, leaf] of leaves.entries()) {
      if (at < 40 || [255, 256, 257, 511, 512, 513, 1_023, 1_024, 1_280, 1_499].includes(at)) {
        const expected = naiveRoot(leaves.slice(0, at));
        expect([at, frontier.root(), rootOf(at, readerOf(leaves.slice(0, at)))]).toEqual([at, expected, expected]);
      }
      frontier.append(leaf);
    }
  });
  it("goes on where it was left: from its hashes, from the tiles", () => {
    fc.assert(
      fc.property(fc.nat(1_000), fc.nat(499), (before, more) => {
        const whole = openFrontier();
        for (const leaf of leaves.slice(0, before)) whole.append(leaf);
        const again = openFrontier(whole.size, whole.hashes);
        const read = frontierOf(before, readerOf(leaves.slice(0, before)));
        for (const frontier of [whole, again, read]) for (const leaf of leaves.slice(before, before + more)) frontier.append(leaf);
        expect(again.root()).toEqual(whole.root());
        expect([read.size, read.hashes]).toEqual([whole.size, whole.hashes]);
        expect(whole.root()).toEqual(naiveRoot(leaves.slice(0, before + more)));
      }),
      { numRuns: 40 },
    );
  });
  it("keeps its own copies: what is done to a leaf or a root afterwards does not reach it", () => {
    const leaf = hashLeaf(Buffer.from("a"));
    const frontier = openFrontier();
    frontier.append(leaf);
    const root = frontier.root();
    const given = frontier.hashes.map((each) => Buffer.from(each));
    const again = openFrontier(1, given);
    leaf.fill(0);
    for (const each of given) each.fill(0);
    frontier.root().fill(0);
    openFrontier().root().fill(0);
    expect([frontier.root(), again.root()]).toEqual([root, root]);
    const before = frontier.hashes;
    frontier.append(root);
    expect(before).toEqual([root]);
    expect(hex(EMPTY_ROOT)).toBe(ROOTS[0]);
  });
  it("counts beyond 32 bits", () => {
    const size = 2 ** 40 + 2 ** 33 - 1;
    const hashes = Array.from({ length: 34 }, (_, at) => hashLeaf(Buffer.of(at)));
    const frontier = openFrontier(size, hashes);
    frontier.append(hashLeaf(Buffer.from("last")));
    expect([frontier.size, frontier.hashes.length]).toEqual([2 ** 40 + 2 ** 33, 2]);
    expect(frontier.hashes[0]).toEqual(hashes[0]);
  });

  it.each([
    ["fewer hashes than its size takes", () => openFrontier(3, [leaves[0] ?? EMPTY_ROOT]), "LEDGER_DAMAGED"],
    ["more hashes than its size takes", () => openFrontier(2, leaves.slice(0, 2)), "LEDGER_DAMAGED"],
    ["hashes of no size", () => openFrontier(0, leaves.slice(0, 1)), "LEDGER_DAMAGED"],
    ["a hash that is cut", () => openFrontier(1, [EMPTY_ROOT.subarray(1)]), "LEDGER_DAMAGED"],
    ["a leaf that is cut", () => openFrontier().append(EMPTY_ROOT.subarray(1)), "LEDGER_DAMAGED"],
    ["a negative size", () => openFrontier(-1, leaves.slice(0, 1)), "INPUT_INVALID"],
    ["half a leaf", () => openFrontier(1.5, leaves.slice(0, 1)), "INPUT_INVALID"],
    ["a size beyond what a number counts", () => openFrontier(2 ** 53, leaves.slice(0, 1)), "INPUT_INVALID"],
    ["no number", () => openFrontier(Number.NaN), "INPUT_INVALID"],
    ["tiles of a negative size", () => rootOf(-1, readerOf([])), "INPUT_INVALID"],
    ["tiles of half a leaf", () => rootOf(0.5, readerOf([])), "INPUT_INVALID"],
    ["tiles of a size beyond what a number counts", () => frontierOf(2 ** 53, readerOf([])), "INPUT_INVALID"],
  ])("is refused with bad input: %s", (_, act, code) => expect(act).toThrow(expect.objectContaining({ code })));
});
