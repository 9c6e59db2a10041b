import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { chooseDigest, createIntegrityCheck } from "./check-integrity.ts";

const digestOf = (algorithm: string) => `${algorithm}-${createHash(algorithm).update("bytes").digest("base64")}`;
const shasum = createHash("sha1").update("bytes").digest("hex");

describe("a digest", () => {
  it("is the strongest of those that are given", () => {
    expect(chooseDigest({ integrity: `${digestOf("sha1")} ${digestOf("sha512")}?opt ${digestOf("sha256")}`, shasum })).toBe(digestOf("sha512"));
    expect(chooseDigest({ integrity: `md5-AAAA ${digestOf("sha256")}`, shasum })).toBe(digestOf("sha256"));
  });

  it("is SHA-1 where there is nothing else", () => {
    expect(chooseDigest({ integrity: "sha512-short", shasum })).toBe(digestOf("sha1"));
    expect(chooseDigest({ shasum })).toBe(digestOf("sha1"));
  });

  it("is none where nothing can be checked", () => {
    for (const dist of [{}, { integrity: "md5-AAAA" }, { shasum: "12" }, { integrity: "" }]) expect(chooseDigest(dist)).toBeUndefined();
  });

  for (const algorithm of ["sha512", "sha384", "sha256", "sha1"])
    it(`of ${algorithm} is held to`, () => {
      const right = createIntegrityCheck(digestOf(algorithm));
      right.hash.update("bytes");
      expect(() => right.assertPromised("it")).not.toThrow();
      const wrong = createIntegrityCheck(digestOf(algorithm));
      wrong.hash.update("byte");
      expect(() => wrong.assertPromised("it")).toThrow("it is not what the registry promised");
    });
});
