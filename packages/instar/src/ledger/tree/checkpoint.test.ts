import { generateKeyPairSync } from "node:crypto";
import { InstarError } from "@instar/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openCheckpoint, parseCheckpoint, renderCheckpoint } from "./checkpoint.ts";
import { EMPTY_ROOT, hashLeaf } from "./hash-tree.ts";
import { signNote } from "./signed-note.ts";

const ours = { name: "instar.local/a", key: generateKeyPairSync("ed25519").privateKey };
const head = { origin: "instar.local/a", size: 20_852_163, root: hashLeaf(Buffer.from("root")) };
const trust = { origin: head.origin, keys: [ours] };
const root = head.root.toString("base64");
const invalid = expect.objectContaining({ code: "INPUT_INVALID" });
const refusal = (words: RegExp) => ({ kind: "refused", because: expect.stringMatching(words) });

describe("a checkpoint", () => {
  it("is three lines: the shape of C2SP tlog-checkpoint's example", () => {
    const text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    const checkpoint = parseCheckpoint(text);
    expect([checkpoint.origin, checkpoint.size, checkpoint.root.length, checkpoint.extensions]).toEqual(["example.com/behind-the-sofa", 20_852_163, 32, []]);
    expect(renderCheckpoint(checkpoint)).toBe(text);
  });
  it("comes out as it went in", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[!-~é ]{1,60}$/), fc.maxSafeNat(), fc.uint8Array({ minLength: 32, maxLength: 32 }), (origin, any, bytes) => {
        const size = any + 1 > Number.MAX_SAFE_INTEGER ? any : any + 1;
        expect(parseCheckpoint(renderCheckpoint({ origin, size, root: bytes }))).toEqual({ origin, size, root: Buffer.from(bytes), extensions: [] });
      }),
    );
    expect(renderCheckpoint({ ...head, size: 0, root: EMPTY_ROOT })).toBe("instar.local/a\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n");
  });
  it("of another log may have lines after the third: they are kept, and not written", () => {
    const checkpoint = parseCheckpoint(`other.example/log\n7\n${root}\nwhatever\n 1 2\n`);
    expect(checkpoint.extensions).toEqual(["whatever", " 1 2"]);
    expect(renderCheckpoint(checkpoint)).toBe(`other.example/log\n7\n${root}\n`);
  });
  it.each([
    ["nothing", ""],
    ["an origin", "a\n"],
    ["an origin and a size", "a\n1\n"],
    ["no origin", `\n1\n${root}\n`],
    ["no last newline", `a\n1\n${root}`],
    ["a size with zeros before it", `a\n01\n${root}\n`],
    ["a size of two zeros", `a\n00\n${root}\n`],
    ["a size with a sign", `a\n+1\n${root}\n`],
    ["a negative size", `a\n-1\n${root}\n`],
    ["a size with a point", `a\n1.0\n${root}\n`],
    ["a size in hexadecimal", `a\n0x1\n${root}\n`],
    ["a size with an exponent", `a\n1e3\n${root}\n`],
    ["a size with a space", `a\n1 \n${root}\n`],
    ["a size in other digits", `a\n١\n${root}\n`],
    ["no size", `a\n\n${root}\n`],
    ["a size beyond what a number counts", `a\n9007199254740992\n${root}\n`],
    ["a size of a thousand digits", `a\n${"9".repeat(1_000)}\n${root}\n`],
    ["a root of 31 bytes", `a\n1\n${head.root.subarray(1).toString("base64")}\n`],
    ["a root of 33 bytes", `a\n1\n${Buffer.concat([head.root, Buffer.of(1)]).toString("base64")}\n`],
    ["a root in hexadecimal", `a\n1\n${head.root.toString("hex")}\n`],
    ["a root without padding", `a\n1\n${root.slice(0, -1)}\n`],
    ["a root in base64 of URLs", `a\n1\n${Buffer.alloc(32, 0xff).toString("base64url")}=\n`],
    ["a root of entries, and no entries", `a\n0\n${root}\n`],
    ["an empty line behind", `a\n1\n${root}\n\n`],
    ["an empty line between lines that are not known", `a\n1\n${root}\nb\n\nc\n`],
    ["carriage returns", `a\r\n1\r\n${root}\r\n`],
    ["a megabyte of lines", `a\n1\n${root}\n${"x\n".repeat(524_288)}`],
  ])("that is malformed is refused, signed or not: %s", (_, text) => {
    expect(() => parseCheckpoint(text)).toThrow(invalid);
    if (text.endsWith("\n") && !/\r/.test(text) && text.length < 100_000)
      expect(openCheckpoint(signNote(text, ours), { ...trust, origin: "a" }).kind).toBe("refused");
  });
  it.each([
    ["no origin", { ...head, origin: "" }],
    ["an origin of two lines", { ...head, origin: "a\nb" }],
    ["an origin that brings a size and a root of its own", { ...head, origin: `a\n1\n${root}` }],
    ["an origin with a control character", { ...head, origin: "a\tb" }],
    ["an origin of half a letter", { ...head, origin: "\ud800" }],
    ["a negative size", { ...head, size: -1 }],
    ["half an entry", { ...head, size: 0.5 }],
    ["a size beyond what a number counts", { ...head, size: 2 ** 53 }],
    ["a size with an exponent", { ...head, size: 1e21 }],
    ["a root that is cut", { ...head, root: head.root.subarray(1) }],
    ["a root of entries, and no entries", { ...head, size: 0 }],
  ])("is not made with bad input: %s", (_, input) => expect(() => renderCheckpoint(input)).toThrow(invalid));

  it("that is signed is opened by the log's key, and is the log's", () => {
    const note = signNote(renderCheckpoint(head), ours);
    expect(openCheckpoint(note, trust)).toEqual({ kind: "verified", checkpoint: { ...head, extensions: [] }, signedBy: [ours] });
    expect(openCheckpoint(Buffer.from(note), trust).kind).toBe("verified");
  });
  it("is refused of another log, also of one that the same key signs, by another key, and tampered with", () => {
    const note = signNote(renderCheckpoint(head), ours);
    const theirs = { name: ours.name, key: generateKeyPairSync("ed25519").privateKey };
    expect(openCheckpoint(signNote(renderCheckpoint({ ...head, origin: "instar.local/b" }), ours), trust)).toEqual(
      refusal(/is of "instar.local\/b", not of "instar.local\/a"/),
    );
    expect(openCheckpoint(note, { ...trust, origin: "instar.local/A" })).toEqual(refusal(/not of/));
    expect(openCheckpoint(signNote(renderCheckpoint(head), theirs), trust)).toEqual(refusal(/known/));
    expect(openCheckpoint(note.replace("20852163", "20852164"), trust)).toEqual(refusal(/does not verify/));
    expect(openCheckpoint(renderCheckpoint(head), trust)).toEqual(refusal(/no signatures/));
    expect(openCheckpoint(note, { ...trust, keys: [] })).toEqual(refusal(/known/));
  });
  it("is refused where something else was signed with the log's key", () => {
    expect(openCheckpoint(signNote("a note\n", ours), trust)).toEqual(refusal(/has the size/));
  });
  it("of any text gives an answer, and comes out as it went in", () => {
    const piece = fc.constantFrom("a", "\n", "\n\n", "0", "1", "20852163", root, "=", " ", "é", "\u0000");
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(piece, { maxLength: 12 }).map((parts) => parts.join("")),
          fc.string({ unit: "binary" }),
        ),
        (text) => {
          expect(["verified", "refused"]).toContain(openCheckpoint(text, trust).kind);
          try {
            const checkpoint = parseCheckpoint(text);
            expect(`${renderCheckpoint(checkpoint)}${checkpoint.extensions.map((line) => `${line}\n`).join("")}`).toBe(text);
          } catch (error) {
            expect(InstarError.is(error, "INPUT_INVALID"), String(error)).toBe(true);
          }
        },
      ),
      { numRuns: 400 },
    );
  });
});
