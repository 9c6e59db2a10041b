import { generateKeyPairSync } from "node:crypto";
import { InstarError } from "@instar/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { renderCheckpoint } from "./checkpoint.ts";
import { hashLeaf } from "./hash-tree.ts";
import { naiveRoot, readerOf } from "./memory-tree.testing.ts";
import { proveInclusion } from "./prove-inclusion.ts";
import { signNote } from "./signed-note.ts";
import { parseProof, renderProof, verifyReceipt } from "./tlog-proof.ts";

const ours = { name: "instar.local/a", key: generateKeyPairSync("ed25519").privateKey };
const witness = { name: "witness.example", key: generateKeyPairSync("ed25519").privateKey };
const trust = { origin: "instar.local/a", keys: [ours] };
const ENTRIES = Array.from({ length: 300 }, (_, at) => Buffer.from(`{"index":${at}}`));
const LEAVES = ENTRIES.map(hashLeaf);
const entryAt = (index: number) => ENTRIES[index] ?? Buffer.alloc(0);
const checkpointOf = (size: number, origin = trust.origin) => signNote(renderCheckpoint({ origin, size, root: naiveRoot(LEAVES.slice(0, size)) }), ours);
const receiptOf = (index: number, size: number, extra?: Buffer) =>
  renderProof({
    index,
    proof: proveInclusion(index, size, readerOf(LEAVES.slice(0, size))),
    checkpoint: checkpointOf(size),
    ...(extra === undefined ? {} : { extra }),
  });
const RECEIPT = receiptOf(17, 300);
const invalid = expect.objectContaining({ code: "INPUT_INVALID" });
const refusal = (words: RegExp) => ({ kind: "refused", because: expect.stringMatching(words) });

describe("a receipt", () => {
  it("is the lines of C2SP tlog-proof: what it is, extra, index, hashes, an empty line, and the checkpoint as it came", () => {
    const [hash] = LEAVES;
    const lines = receiptOf(1, 2, Buffer.from("more")).split("\n");
    expect(lines.slice(0, 5)).toEqual(["c2sp.org/tlog-proof@v1", "extra bW9yZQ==", "index 1", hash?.toString("base64"), ""]);
    expect(lines.slice(5).join("\n")).toBe(checkpointOf(2));
    expect(receiptOf(0, 1)).toBe(`c2sp.org/tlog-proof@v1\nindex 0\n\n${checkpointOf(1)}`);
    expect(receiptOf(0, 1, Buffer.alloc(0))).toBe(receiptOf(0, 1));
  });
  it("comes out as it went in, and verifies with the entry, the origin and the key alone", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.nat(),
        fc.option(fc.uint8Array({ minLength: 1, maxLength: 100 }), { nil: undefined }),
        (size, any, extra) => {
          const index = any % size;
          const receipt = receiptOf(index, size, extra === undefined ? undefined : Buffer.from(extra));
          expect(renderProof(parseProof(receipt))).toBe(receipt);
          expect(parseProof(receipt).extra).toEqual(extra === undefined ? undefined : Buffer.from(extra));
          const verdict = verifyReceipt(Buffer.from(receipt), entryAt(index), trust);
          expect(verdict).toMatchObject({ kind: "verified", index, checkpoint: { origin: trust.origin, size }, signedBy: [ours] });
        },
      ),
      { numRuns: 40 },
    );
  });
  it("takes witnesses' signatures along; they do not stand in for the log's", () => {
    const text = renderCheckpoint({ origin: trust.origin, size: 300, root: naiveRoot(LEAVES) });
    const parsed = parseProof(RECEIPT);
    expect(verifyReceipt(renderProof({ ...parsed, checkpoint: signNote(text, ours, witness) }), entryAt(17), trust).kind).toBe("verified");
    expect(verifyReceipt(renderProof({ ...parsed, checkpoint: signNote(text, witness) }), entryAt(17), trust)).toEqual(refusal(/known/));
  });
  it("is refused for another entry, another log, another key, and with an index, a hash or a checkpoint of another", () => {
    const parsed = parseProof(RECEIPT);
    const kindWith = (change: Partial<typeof parsed>) => verifyReceipt(renderProof({ ...parsed, ...change }), entryAt(17), trust);
    expect(verifyReceipt(RECEIPT, entryAt(18), trust)).toEqual(refusal(/does not lead from entry 17/));
    expect(verifyReceipt(RECEIPT, Buffer.concat([entryAt(17), Buffer.from(" ")]), trust)).toEqual(refusal(/does not lead/));
    expect(verifyReceipt(RECEIPT, entryAt(17), { ...trust, origin: "instar.local/b" })).toEqual(refusal(/not of/));
    expect(verifyReceipt(RECEIPT, entryAt(17), { ...trust, keys: [witness] })).toEqual(refusal(/known/));
    expect(kindWith({ index: 16 })).toEqual(refusal(/does not lead/));
    expect(kindWith({ index: 300 })).toEqual(refusal(/there is no entry 300/));
    expect(kindWith({ proof: parsed.proof.slice(1) })).toEqual(refusal(/it takes 9/));
    expect(kindWith({ proof: [...parsed.proof, parsed.proof[0] ?? Buffer.alloc(32)] })).toEqual(refusal(/it takes 9/));
    expect(kindWith({ checkpoint: checkpointOf(299) })).toEqual(refusal(/does not lead/));
    expect(kindWith({ checkpoint: checkpointOf(10) })).toEqual(refusal(/no entry 17/));
    expect(kindWith({ checkpoint: signNote("a note\n", ours) })).toEqual(refusal(/the checkpoint has/));
  });
  it("with any bit turned is refused", () => {
    const bytes = Buffer.from(RECEIPT);
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const turned = Buffer.from(bytes);
      turned[bit >> 3] = (turned[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect([bit, verifyReceipt(turned, entryAt(17), trust).kind]).toEqual([bit, "refused"]);
    }
  });
  it("that is cut anywhere is refused", () => {
    for (let end = 0; end < RECEIPT.length; end += 1) expect(verifyReceipt(RECEIPT.slice(0, end), entryAt(17), trust).kind).toBe("refused");
  });

  const hash = Buffer.alloc(32, 1).toString("base64");
  const rest = `\n\n${checkpointOf(2)}`;
  it.each([
    ["nothing", ""],
    ["a first line", "c2sp.org/tlog-proof@v1\n"],
    ["another version", `c2sp.org/tlog-proof@v2\nindex 0${rest}`],
    ["a space after the version", `c2sp.org/tlog-proof@v1 \nindex 0${rest}`],
    ["no index", `c2sp.org/tlog-proof@v1\n${hash}${rest}`],
    ["nothing but a first line before the checkpoint", `c2sp.org/tlog-proof@v1${rest}`],
    ["an index with zeros before it", `c2sp.org/tlog-proof@v1\nindex 00${rest}`],
    ["an index with a sign", `c2sp.org/tlog-proof@v1\nindex -1${rest}`],
    ["an index with two spaces", `c2sp.org/tlog-proof@v1\nindex  1${rest}`],
    ["an index beyond what a number counts", `c2sp.org/tlog-proof@v1\nindex 9007199254740992${rest}`],
    ["an index without a number", `c2sp.org/tlog-proof@v1\nindex ${rest}`],
    ["extra after the index", `c2sp.org/tlog-proof@v1\nindex 0\nextra bW9yZQ==${rest}`],
    ["extra twice", `c2sp.org/tlog-proof@v1\nextra bW9yZQ==\nextra bW9yZQ==\nindex 0${rest}`],
    ["extra without anything", `c2sp.org/tlog-proof@v1\nextra \nindex 0${rest}`],
    ["extra that is no base64", `c2sp.org/tlog-proof@v1\nextra bW9yZQ\nindex 0${rest}`],
    ["a hash of 31 bytes", `c2sp.org/tlog-proof@v1\nindex 0\n${Buffer.alloc(31).toString("base64")}${rest}`],
    ["a hash of 33 bytes", `c2sp.org/tlog-proof@v1\nindex 0\n${Buffer.alloc(33).toString("base64")}${rest}`],
    ["a hash with a space", `c2sp.org/tlog-proof@v1\nindex 0\n${hash} ${rest}`],
    ["more hashes than any tree takes", `c2sp.org/tlog-proof@v1\nindex 0\n${Array.from({ length: 54 }, () => hash).join("\n")}${rest}`],
    ["no checkpoint", `c2sp.org/tlog-proof@v1\nindex 0\n${hash}\n`],
    ["carriage returns", RECEIPT.replaceAll("\n", "\r\n")],
    ["more than 512 KiB", `c2sp.org/tlog-proof@v1\nextra ${"AAAA".repeat(200_000)}\nindex 0${rest}`],
    ["bytes that are not UTF-8", Buffer.concat([Buffer.from("c2sp.org/tlog-proof@v1\nindex 0\n\n"), Buffer.of(0xc0, 0x80, 0x0a)])],
  ])("that is malformed is refused: %s", (_, receipt) => {
    expect(() => parseProof(receipt)).toThrow(invalid);
    expect(verifyReceipt(receipt, entryAt(0), trust).kind).toBe("refused");
  });
  it.each([
    ["an index that is none", { index: -1 }],
    ["an index beyond what a number counts", { index: 2 ** 53 }],
    ["a hash that is cut", { proof: [Buffer.alloc(31)] }],
    ["an empty hash, which would end the proof", { proof: [Buffer.alloc(0)] }],
    ["more hashes than any tree takes", { proof: Array.from({ length: 54 }, () => Buffer.alloc(32)) }],
    ["a checkpoint that is not signed", { checkpoint: renderCheckpoint({ origin: "a", size: 1, root: Buffer.alloc(32) }) }],
    ["no checkpoint", { checkpoint: "" }],
    ["extra that is too much", { extra: Buffer.alloc(524_288) }],
  ])("is not made with bad input: %s", (_, change) => expect(() => renderProof({ ...parseProof(RECEIPT), ...change })).toThrow(invalid));
  it("of any text or bytes gives an answer, and comes out as it went in", () => {
    const piece = fc.constantFrom("c2sp.org/tlog-proof@v1\n", "index 0\n", "extra bW9yZQ==\n", `${hash}\n`, "\n", checkpointOf(1), "é", " ", "\u0000");
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(piece, { maxLength: 12 }).map((parts) => parts.join("")),
          fc.string({ unit: "binary" }),
          fc.uint8Array(),
        ),
        (input) => {
          expect(["verified", "refused"]).toContain(verifyReceipt(input, entryAt(0), trust).kind);
          try {
            const parsed = parseProof(input);
            const again = parseProof(`${Buffer.from(input as string).toString()}`);
            expect(again).toEqual(parsed);
          } catch (error) {
            expect(InstarError.is(error, "INPUT_INVALID"), String(error)).toBe(true);
          }
        },
      ),
      { numRuns: 400 },
    );
  });
});
