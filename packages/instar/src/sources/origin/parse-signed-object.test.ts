import { describe, expect, it } from "vitest";
import { nameOfObject, parseSignedObject } from "./parse-signed-object.ts";

const PGP = ["-----BEGIN PGP SIGNATURE-----", "", "abc=", "-----END PGP SIGNATURE-----"];
const SSH = ["-----BEGIN SSH SIGNATURE-----", "abc=", "-----END SSH SIGNATURE-----"];
const HEAD = ["tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904", "author Ada <ada@example.org> 0 +0000", "committer Ada <ada@example.org> 0 +0000"];
const header = (name: string, lines: readonly string[]) => lines.map((line, index) => (index === 0 ? `${name} ${line}` : ` ${line}`));
const bytesOf = (...lines: string[]) => Buffer.from(`${lines.join("\n")}\n`);
const parsed = (kind: "commit" | "tag", bytes: Buffer) => {
  const answer = parseSignedObject(kind, bytes);
  if (answer.kind === "refused") throw new Error(answer.because);
  return answer.object;
};

describe("a commit", () => {
  it.each([
    ["ssh", SSH],
    ["openpgp", PGP],
  ] as const)("signed by %s is its signature and what it was without it", (format, signature) => {
    const object = parsed("commit", bytesOf(...HEAD, ...header("gpgsig", signature), "encoding UTF-8", "", "message", "", "more"));
    expect(object.payload).toEqual(bytesOf(...HEAD, "encoding UTF-8", "", "message", "", "more"));
    expect(object.signature).toEqual({ format, armoured: signature.join("\n") });
    expect(object.headers.map(([name]) => name)).toEqual(["tree", "author", "committer", "encoding"]);
  });

  it("that was signed for both hashes is without either signature what was signed", () => {
    const object = parsed("commit", bytesOf(...HEAD, ...header("gpgsig", SSH), ...header("gpgsig-sha256", PGP), "", "message"));
    expect(object.payload).toEqual(bytesOf(...HEAD, "", "message"));
    expect(object.signature?.format).toBe("ssh");
  });

  it("keeps the signature of a tag that it merged", () => {
    const merged = header("mergetag", ["object 1", "type commit", ...PGP]);
    expect(parsed("commit", bytesOf(...HEAD, ...merged, "", "message"))).toMatchObject({
      payload: bytesOf(...HEAD, ...merged, "", "message"),
      signature: null,
    });
  });

  it("without a signature has none, and what its message shows is none", () => {
    expect(parsed("commit", bytesOf(...HEAD, "", "message", ...header("gpgsig", SSH), ...SSH)).signature).toBeNull();
  });

  it.each([
    ["two signatures", bytesOf(...HEAD, ...header("gpgsig", SSH), ...header("gpgsig", SSH), "", "message")],
    ["a signature of no known kind", bytesOf(...HEAD, ...header("gpgsig", ["-----BEGIN CERTIFICATE-----", "x"]), "", "message")],
    ["an empty signature", bytesOf(...HEAD, "gpgsig ", "", "message")],
    ["a NUL among its headers", Buffer.concat([Buffer.from("tree \0"), bytesOf(...HEAD, ...header("gpgsig", SSH), "", "message")])],
  ])("with %s is refused", (_, bytes) => expect(parseSignedObject("commit", bytes).kind).toBe("refused"));
});

describe("a tag", () => {
  const TAG = ["object 4b825dc642cb6eb9a060e54bf8d69288fbee4904", "type commit", "tag v1.0.0", "tagger Ada <ada@example.org> 0 +0000"];

  it.each([
    ["ssh", SSH],
    ["openpgp", PGP],
  ] as const)("signed by %s is signed up to where its signature begins", (format, signature) => {
    const object = parsed("tag", bytesOf(...TAG, "", "one", ...signature));
    expect(object.payload).toEqual(bytesOf(...TAG, "", "one"));
    expect(object.signature?.format).toBe(format);
    expect(object.headers).toContainEqual(["tag", "v1.0.0"]);
  });

  it("without one has none; a signature that is only quoted in a line is none", () => {
    expect(parsed("tag", bytesOf(...TAG, "", "see -----BEGIN SSH SIGNATURE----- there")).signature).toBeNull();
  });

  it("with two signatures is refused", () => expect(parseSignedObject("tag", bytesOf(...TAG, "", "one", ...SSH, ...PGP)).kind).toBe("refused"));
});

it("an object is named as git names it", () => expect(nameOfObject("commit", bytesOf(...HEAD, "", "message"))).toMatch(/^[0-9a-f]{40}$/));
