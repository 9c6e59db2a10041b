import { generateKeyPairSync } from "node:crypto";
import { InstarError } from "@instar/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keyIdOf, parseVerifierKey, renderVerifierKey } from "./note-key.ts";

/** Of the example in C2SP signed-note, and of the tests of Go's package note. */
const VKEYS = [
  "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
  "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
  "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop",
];
const [FOO = ""] = VKEYS;
const invalid = expect.objectContaining({ code: "INPUT_INVALID" });
const made = generateKeyPairSync("ed25519");

describe("a verifier key", () => {
  it.each(VKEYS)("vector %s comes out as it went in", (text) => {
    const key = parseVerifierKey(text);
    expect([key.name, keyIdOf(key).toString(16), renderVerifierKey(key)]).toEqual([text.split("+")[0], text.split("+")[1], text]);
  });
  it("is the same of the private key and of the public one, and holds nothing of the private one", () => {
    const text = renderVerifierKey({ name: "instar.local/a", key: made.privateKey });
    expect(text).toBe(renderVerifierKey({ name: "instar.local/a", key: made.publicKey }));
    expect(parseVerifierKey(text).key.equals(made.publicKey)).toBe(true);
  });
  it("has its id padded with zeros to eight digits", () => {
    const names = Array.from({ length: 400 }, (_, at) => `instar.local/${at}`);
    for (const name of names) expect(renderVerifierKey({ name, key: made.publicKey })).toMatch(/^[^+]+\+[0-9a-f]{8}\+/);
  });
  it("is refused with any letter changed, and of any part of it", () => {
    for (let at = 0; at < FOO.length; at += 1) {
      const changed = `${FOO.slice(0, at)}${String.fromCharCode(FOO.charCodeAt(at) + 1)}${FOO.slice(at + 1)}`;
      expect(() => parseVerifierKey(changed), changed).toThrow(invalid);
    }
    for (let from = 0; from < FOO.length; from += 1) {
      if (from > 0) expect(() => parseVerifierKey(FOO.slice(from))).toThrow(invalid);
      expect(() => parseVerifierKey(FOO.slice(0, from))).toThrow(invalid);
    }
  });
  it.each([
    ["another length, with the id of that", "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==", /does not hold an Ed25519 key/],
    ["a type that is not known, with the id of that", "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", /does not hold an Ed25519 key/],
    ["another id", FOO.replace("530d903a", "530d903b"), /has another id/],
    ["an id in capitals", FOO.replace("530d903a", "530D903A"), /form/],
    ["another name", FOO.replace("foo", "bar"), /has another id/],
    ["no name", FOO.replace("example.com/foo", ""), /form/],
    ["a space", FOO.replace("/", " "), /form/],
    ["a newline behind", `${FOO}\n`, /does not hold/],
    ["padding", `${FOO}=`, /does not hold/],
    ["letters of another base64", FOO.replace(/.{4}$/, "_-_-"), /does not hold/],
    ["a megabyte", `${FOO}${"A".repeat(1_048_576)}`, /longer than/],
    ["a megabyte of plus signs", "+".repeat(1_048_576), /longer than/],
    ["nothing", "", /form/],
  ])("with bad input is refused: %s", (_, text, words) =>
    expect(() => parseVerifierKey(text)).toThrow(expect.objectContaining({ code: "INPUT_INVALID", message: expect.stringMatching(words) })),
  );
  it.each(["", "a b", "a+b", "a\u00a0b", "a\u2003b", "a\u0085b", "a\nb", "a\u0001b", "\ud800"])("is not made with the name %j", (name) =>
    expect(() => renderVerifierKey({ name, key: made.publicKey })).toThrow(invalid),
  );
  it("is not made of a key that is not Ed25519", () => {
    const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    expect(() => renderVerifierKey({ name: "a", key: publicKey })).toThrow(/not with ec/);
  });
  it("of any text is a key or is refused", () => {
    const part = fc.constantFrom("+", "530d903a", "AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "a", "\n", "=");
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: "binary" }),
          fc.array(part).map((parts) => parts.join("")),
        ),
        (text) => {
          try {
            expect(renderVerifierKey(parseVerifierKey(text))).toBe(text);
          } catch (error) {
            expect(InstarError.is(error, "INPUT_INVALID"), String(error)).toBe(true);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
