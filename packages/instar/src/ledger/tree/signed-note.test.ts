import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { InstarError } from "@instar/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keyIdOf, type NoteKey, parseVerifierKey } from "./note-key.ts";
import { openNote, parseNote, renderNote, signNote } from "./signed-note.ts";

const makeKey = (name: string): NoteKey => ({ name, key: generateKeyPairSync("ed25519").privateKey });
const [ours, other] = [makeKey("instar.local/ours"), makeKey("instar.local/other")];
const TEXT = "one\n\ntwo\n";
const NOTE = signNote(TEXT, ours);
const invalid = expect.objectContaining({ code: "INPUT_INVALID" });
const refusal = (words: RegExp) => ({ kind: "refused", because: expect.stringMatching(words) });

describe("the example of C2SP signed-note", () => {
  const foo = parseVerifierKey("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k");
  const note =
    "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
  it("verifies", () => expect(openNote(note, [foo])).toEqual({ kind: "verified", text: "This is an example message.\n", signedBy: [foo] }));
  it("does not verify after it was tampered with", () => {
    expect(openNote(note.replace("example message", "exemple message"), [foo])).toEqual(refusal(/signature of "example.com\/foo\+530d903a" does not verify/));
    expect(openNote(note.replace("SrV1", "SrV2").replace("srV1", "srV2"), [foo])).toEqual(refusal(/does not verify/));
  });
});

describe("the notes of Go's package note", () => {
  // The private key is published there, as a test's: its seed behind the type's byte.
  const seed = Buffer.from("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz", "base64").subarray(1);
  const key = createPrivateKey({ key: Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]), format: "der", type: "pkcs8" });
  const [peter, enoch] = [
    parseVerifierKey("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"),
    parseVerifierKey("EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"),
  ];
  const text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
  const peters = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
  const enochs = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n";
  it("are signed here to the letter", () => expect(signNote(text, { name: "PeterNeumann", key })).toBe(`${text}\n${peters}`));
  it.each([
    ["one key of one", peters, [peter], [peter]],
    ["one key of two", peters + enochs, [enoch], [enoch]],
    ["two keys", peters + enochs, [enoch, peter], [peter, enoch]],
  ])("verify with %s", (_, signatures, keys, signedBy) => expect(openNote(`${text}\n${signatures}`, keys)).toEqual({ kind: "verified", text, signedBy }));
  it.each([
    ["without signatures", text],
    ["with an empty line for signatures", `${text}\n`],
    ["without a last newline", `${text}\n${peters.slice(0, -1)}`],
    ["with a control character", `\u0001${text}\n${peters}`],
    ["that is not UTF-8", Buffer.concat([Buffer.of(0xff), Buffer.from(`${text}\n${peters}`)])],
    ["with a space in a name", `${text}\n${peters.replace("PeterN", "Peter N")}`],
    ["with a line that is no signature", `${text}\n${peters}Unexpected line.\n`],
    ["with letters put into the signature", `${text}\n${peters.slice(0, 60)}ABCD${peters.slice(60)}`],
  ])("are refused %s", (_, note) => expect(openNote(note, [peter]).kind).toBe("refused"));
});

describe("a note", () => {
  it("is signed by one key or more, and says which of the known ones they were", () => {
    const note = signNote(TEXT, ours, other);
    expect(openNote(note, [ours])).toEqual({ kind: "verified", text: TEXT, signedBy: [ours] });
    expect(openNote(Buffer.from(note), [other, ours])).toEqual({ kind: "verified", text: TEXT, signedBy: [ours, other] });
    expect(renderNote(parseNote(note))).toBe(note);
  });
  it("is refused where no signature is of a known key: unknown name, unknown id, no keys", () => {
    for (const keys of [[], [other], [{ ...other, name: ours.name }], [{ ...ours, name: other.name }]])
      expect(openNote(NOTE, keys)).toEqual(refusal(/not signed by a key that is known/));
  });
  it("is refused where one signature of a known key is wrong, though another is right", () => {
    const [right, wrong] = [parseNote(NOTE).signatures, parseNote(signNote("other\n", other)).signatures];
    const note = renderNote({ text: TEXT, signatures: [...right, ...wrong] });
    expect(openNote(note, [ours]).kind).toBe("verified");
    expect(openNote(note, [ours, other])).toEqual(refusal(/does not verify/));
    expect(openNote(note, [other])).toEqual(refusal(/does not verify/));
  });
  it("is refused where a known key signed twice; of one that is not known nobody can tell", () => {
    const note = renderNote({ text: TEXT, signatures: [...parseNote(NOTE).signatures, ...parseNote(NOTE).signatures] });
    expect(openNote(note, [ours])).toEqual(refusal(/signed twice by "instar.local\/ours/));
    expect(openNote(signNote(TEXT, other, other, ours), [ours]).kind).toBe("verified");
  });
  it("is refused where a signature of a known key has another length or type", () => {
    const id = keyIdOf(ours);
    for (const length of [1, 63, 65, 72, 2_420])
      expect(openNote(renderNote({ text: TEXT, signatures: [{ name: ours.name, id, signature: Buffer.alloc(length, 1) }] }), [ours])).toEqual(
        refusal(/does not verify/),
      );
  });
  it("keeps its text to the letter: empty lines, lines like signatures, a byte order mark, what is not Latin", () => {
    const line = NOTE.slice(TEXT.length + 1);
    for (const text of ["\n", "\n\n\n", `a\n\n${line}`, `${line}\n${line}`, "\ufeffa\n", "Ognuno sta solo\nè subito sera.\n", "\u007f\u0085\u2028\n"]) {
      const note = signNote(text, ours);
      for (const each of [note, Buffer.from(note)]) expect(openNote(each, [ours])).toEqual({ kind: "verified", text, signedBy: [ours] });
    }
  });
  it("of up to 64 signatures, post-quantum ones among them, is read; of more or of more than 256 KiB it is not", () => {
    const signatures = (count: number, bytes: number) => Array.from({ length: count }, (_, id) => ({ name: "w", id, signature: Buffer.alloc(bytes, 1) }));
    const big = renderNote({ text: TEXT, signatures: [...parseNote(NOTE).signatures, ...signatures(16, 5_000)] });
    expect(openNote(big, [ours]).kind).toBe("verified");
    expect(parseNote(renderNote({ text: TEXT, signatures: signatures(64, 64) })).signatures).toHaveLength(64);
    expect(() => renderNote({ text: TEXT, signatures: signatures(65, 64) })).toThrow(/at most 64/);
    expect(openNote(`${TEXT}\n${NOTE.slice(TEXT.length + 1).repeat(65)}`, [ours])).toEqual(refusal(/at most 64/));
    expect(openNote(`${"é".repeat(131_000)}\n\n${"\n".repeat(200)}${NOTE}`, [ours])).toEqual(refusal(/longer than/));
    expect(openNote(Buffer.alloc(300_000, "\n"), [ours])).toEqual(refusal(/longer than/));
  });

  const line = (name: string, encoded: string) => `text\n\n— ${name} ${encoded}\n`;
  it.each([
    ["nothing", ""],
    ["one newline", "\n"],
    ["newlines", "\n\n\n\n"],
    ["a text without an empty line", "text\n— a AAAAAAE=\n"],
    ["a signature under no text", "\n— a AAAAAAE=\n"],
    ["a signature behind a letter", "x— a AAAAAAE=\n"],
    ["an empty line at the end", `${NOTE}\n`],
    ["an empty line between signatures' lines, the second gone", `${NOTE}\n \n`],
    ["a carriage return", NOTE.replaceAll("\n", "\r\n")],
    ["a tab", line("a", "AAAAAAE=\t")],
    ["a zero", line("a\u0000", "AAAAAAE=")],
    ["half of a letter", line("\ud800", "AAAAAAE=")],
    ["half of a letter in bytes", Buffer.from([0x61, 0x0a, 0x0a, 0xe2, 0x80])],
    ["a hyphen for the dash", line("a", "AAAAAAE=").replace("—", "-")],
    ["no name", line("", "AAAAAAE=")],
    ["a plus in a name", line("a+b", "AAAAAAE=")],
    ["a wide space in a name", line("a\u2003b", "AAAAAAE=")],
    ["two spaces", line("a ", "AAAAAAE=")],
    ["something behind", line("a", "AAAAAAE= x")],
    ["a space behind", line("a", "AAAAAAE= ")],
    ["no signature", line("a", "")],
    ["an id and no signature", line("a", "AAAAAA==")],
    ["base64 without padding", line("a", "AAAAAAE")],
    ["base64 with too much padding", line("a", "AAAAAAE==")],
    ["base64 with bits behind its end", line("a", "AAAAAAF=")],
    ["base64 of URLs", line("a", "_-__AAE=")],
    ["base64 with a letter of none", line("a", "AAAA*AE=")],
  ])("that is malformed is refused: %s", (_, note) => {
    expect(() => parseNote(note)).toThrow(invalid);
    expect(openNote(note, [ours]).kind).toBe("refused");
  });
  it.each([
    ["a text without a last newline", () => signNote("text", ours)],
    ["a text that would end in a signature", () => signNote(NOTE.trimEnd(), ours)],
    ["a text without a last newline, signed elsewhere", () => renderNote({ text: NOTE.trimEnd(), signatures: parseNote(NOTE).signatures })],
    ["an empty text", () => signNote("", ours)],
    ["a text with a control character", () => signNote("a\tb\n", ours)],
    ["a text of half a letter", () => signNote("\ud800\n", ours)],
    ["a text that is too long", () => signNote(`${"a".repeat(262_144)}\n`, ours)],
    ["a name with a space", () => signNote(TEXT, { ...ours, name: "a b" })],
    ["a name with a newline", () => renderNote({ text: TEXT, signatures: [{ name: "a\n\n— b", id: 1, signature: Buffer.alloc(64) }] })],
    ["no signatures", () => renderNote({ text: TEXT, signatures: [] })],
    ["an empty signature", () => renderNote({ text: TEXT, signatures: [{ name: "a", id: 1, signature: Buffer.alloc(0) }] })],
    ["a public key", () => signNote(TEXT, parseVerifierKey("EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"))],
    ["a key that is not Ed25519", () => signNote(TEXT, { name: "a", key: generateKeyPairSync("ed448").privateKey })],
    ["to verify, a key that is not Ed25519", () => openNote(NOTE, [{ name: "a", key: generateKeyPairSync("ed448").publicKey }])],
  ])("is not made with bad input: %s", (_, act) => expect(act).toThrow(invalid));
  it("is not verified with two keys that look the same to a signature; the same key twice is one", () => {
    expect(openNote(NOTE, [ours, { ...ours }])).toMatchObject({ kind: "verified", signedBy: [ours] });
    // An id has 32 bits: two keys with the same one are found in seconds, as these were.
    const twins = ["AVgwWOH5ySp9NDpYWAn6DWModcn8Ks4JGHvu7efsBUOg", "AS7C2AUW/Gd09HaEEGA3kUpAk13zmI2atKLkj6449sG0"];
    const keys = twins.map((encoded) => parseVerifierKey(`instar.local/twin+277c8107+${encoded}`));
    expect(() => openNote(NOTE, keys)).toThrow(expect.objectContaining({ code: "INPUT_INVALID", message: expect.stringMatching(/two different keys/) }));
  });

  const piece = fc.constantFrom("\n", "\n\n", "— ", "—", " ", ours.name, "AAAAAAE=", "text", NOTE.slice(TEXT.length + 1), "+", "\u0000", "é");
  it("of any text or bytes gives an answer; what verifies is what was signed", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(piece, { maxLength: 40 }).map((parts) => parts.join("")),
          fc.string({ unit: "binary" }),
          fc.uint8Array(),
        ),
        (note) => {
          const verdict = openNote(note, [ours]);
          if (verdict.kind === "verified") expect(verdict.text).toBe(TEXT);
          try {
            const rendered = renderNote(parseNote(note));
            expect(Buffer.from(rendered)).toEqual(Buffer.from(note as string));
          } catch (error) {
            expect(InstarError.is(error, "INPUT_INVALID"), String(error)).toBe(true);
          }
        },
      ),
      { numRuns: 400 },
    );
  });
  it("with any bit turned never verifies with another text", () => {
    const bytes = Buffer.from(NOTE);
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const turned = Buffer.from(bytes);
      turned[bit >> 3] = (turned[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(openNote(turned, [ours]).kind).toBe("refused");
    }
  });
  it.each(["\n", "\n\n", "— ", "— a AAAAAAE=\n", "\n— a AAAAAAE=\n\n", " ", "+", "é"])(
    "a hostile one of 256 KiB of %j is read to its end",
    { timeout: 10_000 },
    (text) => {
      const note = text.repeat(Math.floor(262_144 / Buffer.byteLength(text)));
      expect(openNote(note, [ours]).kind).toBe("refused");
      expect(openNote(`${note}\n\n${NOTE}`, [ours]).kind).toBe("refused");
    },
  );
});
