import { generateKeyPairSync, sign } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { EndpointRelease } from "./parse-endpoint-answer.ts";
import { endpointStatement, verifyEndpointSignature } from "./verify-endpoint-signature.ts";

const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const PEM = publicKey.export({ type: "spki", format: "pem" }).toString();
const RELEASE: EndpointRelease = {
  version: "1.2.0",
  archive: "https://example.org/agent.tgz",
  sha256: "ab".repeat(32),
  sizeBytes: null,
  signature: null,
  notes: null,
  channel: null,
  priority: null,
};
const signed = (more: Partial<EndpointRelease> = {}, key = privateKey): EndpointRelease => ({
  ...RELEASE,
  signature: sign(null, Buffer.from(endpointStatement({ ...RELEASE, ...more })), key).toString("base64"),
});

describe("what an endpoint offers", () => {
  it("is vouched for by the pinned key, which is named", () =>
    expect(verifyEndpointSignature(signed(), PEM)).toEqual({
      kind: "pinned-key",
      by: expect.stringMatching(/^SHA256:[A-Za-z0-9+/]{43}$/),
      because: expect.stringContaining("SHA256:"),
    }));

  it.each<[string, EndpointRelease, string | null]>([
    ["no signature", RELEASE, PEM],
    ["no key that is pinned", signed(), null],
    ["a signature of another key", signed({}, generateKeyPairSync("ed25519").privateKey), PEM],
    ["the signature of another version", signed({ version: "1.1.0" }), PEM],
    ["the signature of other content", signed({ sha256: "cd".repeat(32) }), PEM],
    ["a signature that is cut", { ...RELEASE, signature: Buffer.alloc(10).toString("base64") }, PEM],
  ])("with %s is vouched for by nobody", (_, release, pem) => expect(verifyEndpointSignature(release, pem)).toMatchObject({ kind: "none", by: null }));

  it.each([
    ["no key", "not a key"],
    ["a key of another kind", generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ type: "spki", format: "pem" }).toString()],
    ["a private key", privateKey.export({ type: "pkcs8", format: "pem" }).toString()],
  ])("%s in the file is the settings' mistake", (_, pem) =>
    expect(() => verifyEndpointSignature(signed(), pem)).toThrow(expect.objectContaining({ code: "SETTINGS_INVALID" })),
  );
});
