import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createFakeRegistryKey } from "./fake-registry-key.testing.ts";
import { judgeRegistrySignature, type SignatureQuestion } from "./judge-registry-signature.ts";
import { parseRegistryKeys } from "./parse-registry-keys.ts";

const integrity = `sha512-${createHash("sha512").update("the archive").digest("base64")}`;
const other = `sha512-${createHash("sha512").update("another").digest("base64")}`;
const registry = createFakeRegistryKey();
const nowMs = Date.UTC(2026, 5, 1);
const good = registry.sign(`agent@1.2.3:${integrity}`);

const judge = (changes: Partial<SignatureQuestion> = {}) =>
  judgeRegistrySignature({ packageName: "agent", version: "1.2.3", integrity, signatures: [good], keys: [registry.key], nowMs, ...changes });
const nobody = (because: string | RegExp) => ({ kind: "none", by: null, because: expect.stringMatching(because) });

describe("a package that the registry signed", () => {
  it("is vouched for by the key that is pinned", () => {
    expect(judge()).toEqual({
      kind: "npm-signature",
      by: "SHA256:registry",
      because: "the registry signed agent@1.2.3 and its digest with the key SHA256:registry",
    });
  });

  it("may be signed by a key that is not known yet, beside one that is", () => {
    const next = createFakeRegistryKey({ keyid: "SHA256:next" });
    expect(judge({ signatures: [next.sign(`agent@1.2.3:${integrity}`), good] })).toMatchObject({ kind: "npm-signature", by: "SHA256:registry" });
  });

  it("counts until its key expires, and not from then on", () => {
    const keys = [{ ...registry.key, expires: new Date(nowMs).toISOString() }];
    expect(judge({ keys, nowMs: nowMs - 1 })).toMatchObject({ kind: "npm-signature" });
    expect(judge({ keys, nowMs })).toEqual(nobody('the key "SHA256:registry" expired at 2026-06-01T00:00:00.000Z'));
  });
});

describe("a signature that does not count", () => {
  const p384 = createFakeRegistryKey({}, "P-384");
  const stranger = createFakeRegistryKey();
  const pinned = (changes: object) => ({ keys: [{ ...registry.key, ...changes }] });
  const bySig = (sig: string) => ({ signatures: [{ ...good, sig }] });
  const rows: readonly [string, Partial<SignatureQuestion>, RegExp][] = [
    ["is missing", { signatures: [] }, /^the registry did not sign agent@1.2.3$/],
    ["is of another version", { signatures: [registry.sign(`agent@1.2.4:${integrity}`)] }, /is not of agent@1.2.3 with this digest/],
    ["is of another package", { signatures: [registry.sign(`other@1.2.3:${integrity}`)] }, /is not of agent@1.2.3/],
    ["is of another archive", { signatures: [registry.sign(`agent@1.2.3:${other}`)] }, /is not of agent@1.2.3/],
    ["is of a version with more behind it", { signatures: [registry.sign(`agent@1.2.3:${integrity}:x`)] }, /is not of agent@1.2.3/],
    ["is by a stranger who uses the key's name", { signatures: [stranger.sign(`agent@1.2.3:${integrity}`)] }, /is not of agent@1.2.3/],
    ["is by a key that nobody pinned", { keys: [{ ...registry.key, keyid: "SHA256:older" }] }, /"SHA256:registry" is not one of those that are pinned/],
    ["is by no key at all", { keys: [] }, /is not one of those that are pinned/],
    ["is by a key that is pinned twice", { keys: [stranger.key, registry.key] }, /is pinned 2 times/],
    ["is by a key of another scheme", pinned({ scheme: "rsa-sha2-256" }), /of the scheme "rsa-sha2-256"/],
    ["is by a key of another type", pinned({ keytype: "rsa" }), /and only ecdsa-sha2-nistp256 counts/],
    ["is by a key of another curve", { keys: [p384.key], signatures: [p384.sign(`agent@1.2.3:${integrity}`)] }, /is not a P-256 public key/],
    ["is by a key that expires at no time", pinned({ expires: "soon" }), /expires at what is no time/],
    ["is by a key that is no base64", pinned({ key: `${registry.key.key}!` }), /is not a P-256 public key in base64/],
    ["is by a key that is no key", pinned({ key: "AAAA" }), /is not a P-256 public key in base64/],
    ["is empty", bySig(""), /is not base64/],
    ["has signs that base64 does not know", bySig(`${good.sig.slice(0, 8)}\n${good.sig.slice(8)}`), /is not base64/],
    ["has bits behind its end", bySig("AB=="), /is not base64/],
    ["is in the base64 of addresses", bySig("-_-_"), /is not base64/],
    ["is base64 of nothing that was signed", bySig("AAAA"), /is not of agent@1.2.3/],
    ["is one of hundreds", { signatures: Array(9).fill(good) }, /gives 9 signatures of agent@1.2.3; at most 8/],
  ];
  for (const [what, changes, because] of rows)
    it(what, () => {
      expect(judge(changes)).toEqual(nobody(because));
    });

  it("says all that is wrong, and does not move the reader's cursor", () => {
    const signatures = [
      { keyid: "\u001b[2J\u001b[Hevil", sig: "AAAA" },
      { ...good, sig: "!" },
    ];
    expect(judge({ signatures }).because).toBe(
      'no signature of agent@1.2.3 counts: the key "evil" is not one of those that are pinned, and the signature by "SHA256:registry" is not base64',
    );
  });
});

describe("a file of keys", () => {
  it("is what the registry gives of itself", () => {
    const { expires: _, ...endless } = registry.key;
    const keys = [endless, { ...registry.key, expires: "2025-01-29T00:00:00.000Z", more: 1 }];
    expect(parseRegistryKeys(JSON.stringify({ keys }))).toEqual([registry.key, { ...registry.key, expires: "2025-01-29T00:00:00.000Z" }]);
  });

  for (const text of ["", "{", "[]", "null", "{}", '{"keys":[]}', '{"keys":[{"keyid":"x"}]}', JSON.stringify({ keys: [{ ...registry.key, expires: 7 }] })])
    it(`is none: ${text.slice(0, 30)}`, () => {
      expect(() => parseRegistryKeys(text)).toThrow(expect.objectContaining({ code: "SETTINGS_INVALID" }));
    });
});
