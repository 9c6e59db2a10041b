import { describe, expect, it } from "vitest";
import { createFakeSigstore } from "./fake-sigstore.testing.ts";
import { readTrustMaterial } from "./read-trust-material.ts";

const { trustedRoot } = createFakeSigstore();
// biome-ignore lint/suspicious/noExplicitAny: mistakes reach into it anywhere
const changed = (change: (root: any) => void) => {
  const root = JSON.parse(trustedRoot.toString());
  change(root);
  return Buffer.from(JSON.stringify(root));
};

describe("a trust root", () => {
  it("is that of the public instance where the operator gives none, and nobody is asked for it", async () => {
    const trust = await readTrustMaterial(null);
    expect(trust.tlogs.map(({ baseURL }) => baseURL)).toContain("https://rekor.sigstore.dev");
    expect(trust.certificateAuthorities.length).toBeGreaterThan(1);
    expect(trust.ctlogs.length).toBeGreaterThan(0);
    expect(trust.timestampAuthorities.length).toBeGreaterThan(0);
  });

  it("is the operator's, and nothing of the public one beside it", async () => {
    const trust = await readTrustMaterial(trustedRoot);
    expect(trust.tlogs.map(({ baseURL }) => baseURL)).toEqual(["https://rekor.test"]);
    expect(trust.certificateAuthorities).toHaveLength(1);
    expect(trust.ctlogs.map(({ baseURL }) => baseURL)).toEqual(["https://ctfe.test"]);
    expect(trust.timestampAuthorities).toEqual([]);
    expect(() => trust.publicKey("any")).toThrow("key not found");
  });

  it("leaves out a log whose key is of a kind to come", async () => {
    const file = changed((root) => root.tlogs.push({ ...root.tlogs[0], publicKey: { ...root.tlogs[0].publicKey, keyDetails: "ML_DSA_65" } }));
    expect((await readTrustMaterial(file)).tlogs).toHaveLength(1);
  });

  it("knows until when each was trusted", async () => {
    const validFor = { start: "2020-01-01T00:00:00Z", end: "2021-01-01T00:00:00.5Z" };
    const trust = await readTrustMaterial(changed((root) => Object.assign(root.certificateAuthorities[0], { validFor })));
    expect(trust.certificateAuthorities[0]?.validFor).toEqual({ start: new Date(validFor.start), end: new Date(validFor.end) });
  });

  const rows: readonly [string, Buffer][] = [
    ["is empty", Buffer.alloc(0)],
    ["is no JSON", Buffer.from("{")],
    ["is of another kind", changed((root) => Object.assign(root, { mediaType: "application/json" }))],
    ["names no transparency log", changed((root) => Object.assign(root, { tlogs: [] }))],
    ["names no transparency log that is known", changed((root) => Object.assign(root.tlogs[0].publicKey, { keyDetails: "ML_DSA_65" }))],
    ["names no log of certificates", changed((root) => Object.assign(root, { ctlogs: [] }))],
    ["names no authority", changed((root) => Object.assign(root, { certificateAuthorities: [] }))],
    ["has an authority that began at no time", changed((root) => delete root.certificateAuthorities[0].validFor.start)],
    ["has a log that began at no time", changed((root) => delete root.tlogs[0].publicKey.validFor)],
    ["has a key that is no base64", changed((root) => Object.assign(root.tlogs[0].publicKey, { rawBytes: "!" }))],
    ["has a key that is no key", changed((root) => Object.assign(root.tlogs[0].publicKey, { rawBytes: "AAAA" }))],
    ["has a certificate that is none", changed((root) => Object.assign(root.certificateAuthorities[0].certChain.certificates[0], { rawBytes: "AAAA" }))],
    ["has a time that is none", changed((root) => Object.assign(root.ctlogs[0].publicKey.validFor, { end: "never" }))],
  ];
  for (const [what, file] of rows)
    it(`that ${what} is the operator's mistake`, async () => {
      await expect(readTrustMaterial(file)).rejects.toMatchObject({ code: "SETTINGS_INVALID" });
    });
});
