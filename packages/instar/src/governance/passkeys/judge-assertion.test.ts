import { verifyAuthenticationResponse } from "@simplewebauthn/server";
import { isoBase64URL } from "@simplewebauthn/server/helpers";
import { describe, expect, it } from "vitest";
import { redactSecrets } from "../../platform/secrets/redact-secrets.ts";
import { type ApprovalStatement, challengeOf, digestOfWords, renderStatement } from "./approval-statement.ts";
import { type ClaimedApproval, whyNotSigned } from "./judge-approval-word.ts";
import { judgeAssertion, type SignedWord } from "./judge-assertion.ts";
import type { Passkey } from "./passkey.ts";
import { type Ceremony, SoftwareAuthenticator } from "./software-authenticator.testing.ts";

const ORIGIN = "http://localhost:4173";
const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const STATEMENT: ApprovalStatement = {
  format: "instar-approval/1",
  answer: "approve",
  instance: "demo",
  ledger: "instar.local/demo+1234abcd+AQID",
  update: "u1",
  release: digest("a"),
  rules: digest("b"),
  by: "ada",
  because: digestOfWords("read it"),
  origin: ORIGIN,
  nonce: "AAAAAAAAAAAAAAAAAAAAAA",
  until: "2026-11-29T03:05:00.000Z",
};
const hex = (text: string) => Buffer.from(text, "base64url").toString("hex");

function signed(of: Partial<ApprovalStatement> = {}, ceremony: Partial<Ceremony> = {}, by = new SoftwareAuthenticator(), host = "localhost"): SignedWord {
  const text = renderStatement({ ...STATEMENT, ...of });
  const { id, response } = by.sign({ challenge: challengeOf(text), rpId: host }, { origin: ORIGIN, ...ceremony });
  return {
    ...{ text, id, host, key: by.key },
    clientData: Buffer.from(response.clientDataJSON, "base64url").toString("utf8"),
    authenticatorData: hex(response.authenticatorData),
    signature: hex(response.signature),
  };
}
const flip = (bytes: string, at: number) => {
  const buffer = Buffer.from(bytes, "hex");
  buffer[at] = (buffer[at] ?? 0) ^ 1;
  return buffer.toString("hex");
};

describe("what a passkey signed", () => {
  for (const algorithm of ["ES256", "EdDSA", "RS256"] as const)
    it(`holds, by ${algorithm}`, () =>
      expect(judgeAssertion(signed({}, {}, new SoftwareAuthenticator(algorithm)))).toMatchObject({ kind: "holds", statement: STATEMENT, counter: 1 }));

  it("survives the ledger's search for secrets letter by letter", () => {
    for (let round = 0; round < 50; round += 1) {
      const word = JSON.stringify(signed());
      expect(redactSecrets(word, {})).toBe(word);
    }
  });

  it.each<[string, Partial<Ceremony>, string]>([
    ["at the agent's own port", { origin: "http://localhost:8080" }, "it was signed at http://localhost:8080 and not at"],
    ["at a page of elsewhere", { origin: "https://localhost.example.org" }, "it was signed at https://localhost.example.org"],
    ["in a frame of another page", { crossOrigin: true }, "within a page of somebody else"],
    ["for another host", { host: "example.org" }, "for another host than localhost"],
    ["while a passkey was made", { type: "webauthn.create" }, "for something other than an approval"],
    ["by nobody", { isPresent: false }, "nobody was there"],
    ["without a PIN, a finger or a face", { isVerified: false }, "did not ask who was there"],
  ])("does not hold %s", (_, ceremony, because) =>
    expect(judgeAssertion(signed({}, ceremony))).toEqual({ kind: "void", because: expect.stringContaining(because) }),
  );

  it.each<[string, (word: SignedWord) => Partial<SignedWord>, string]>([
    ["another text", ({ text }) => ({ text: text.replace("u1", "u2") }), "another text was signed"],
    ["a text that is no statement", () => ({ text: "{}" }), "no statement"],
    ["a text with another blank", ({ text }) => ({ text: text.replace(",", ", ") }), "no statement"],
    ["a text with one field more", ({ text }) => ({ text: text.replace("{", '{"a":1,') }), "no statement"],
    ["what the browser said, in another order", ({ clientData }) => ({ clientData: clientData.replace("{", "{ ") }), "not of that key"],
    ["what the browser said, cut", () => ({ clientData: "{" }), "cannot be read"],
    ["the authenticator's host", ({ authenticatorData }) => ({ authenticatorData: flip(authenticatorData, 0) }), "another host"],
    ["the authenticator's flags", ({ authenticatorData }) => ({ authenticatorData: flip(authenticatorData, 32) }), "nobody was there"],
    [
      "the authenticator's other flags",
      ({ authenticatorData }) => ({ authenticatorData: flip(authenticatorData, 32).replace(/^(.{64})../, "$10d") }),
      "not of that key",
    ],
    ["the authenticator's count", ({ authenticatorData }) => ({ authenticatorData: flip(authenticatorData, 36) }), "not of that key"],
    ["the authenticator's data, cut", ({ authenticatorData }) => ({ authenticatorData: authenticatorData.slice(0, 72) }), "too short"],
    ["the signature", ({ signature }) => ({ signature: flip(signature, 20) }), "not of that key"],
    ["no signature", () => ({ signature: "" }), "not of that key"],
    ["the key", () => ({ key: new SoftwareAuthenticator().key }), "not of that key"],
    ["a key that is none", () => ({ key: "AAAA" }), "none that can be checked"],
    ["the host", () => ({ host: "example.org" }), "the passkey is one for example.org"],
  ])("does not hold with %s changed", (_, change, because) => {
    const word = signed();
    expect(judgeAssertion({ ...word, ...change(word) })).toEqual({ kind: "void", because: expect.stringContaining(because) });
  });

  it("is judged as a library that many use judges it", async () => {
    const authenticator = new SoftwareAuthenticator();
    const cose = async () => {
      const { decodeAttestationObject, parseAuthenticatorData } = await import("@simplewebauthn/server/helpers");
      const made = authenticator.make({ challenge: "AAAA", rp: { id: "localhost" } }, { origin: ORIGIN });
      const data = parseAuthenticatorData(decodeAttestationObject(isoBase64URL.toBuffer(made.response.attestationObject)).get("authData"));
      return data.credentialPublicKey ?? new Uint8Array();
    };
    const text = renderStatement(STATEMENT);
    const ceremonies: Partial<Ceremony>[] = [
      {},
      { origin: "http://localhost:8080" },
      { host: "example.org" },
      { isPresent: false },
      { isVerified: false },
      { type: "webauthn.create" },
    ];
    for (const ceremony of ceremonies) {
      const answered = authenticator.sign({ challenge: challengeOf(text), rpId: "localhost" }, { origin: ORIGIN, ...ceremony });
      const theirs = await verifyAuthenticationResponse({
        response: { ...answered, clientExtensionResults: {} },
        expectedChallenge: challengeOf(text),
        expectedOrigin: ORIGIN,
        expectedRPID: "localhost",
        credential: { id: authenticator.id, publicKey: (await cose()) as Uint8Array<ArrayBuffer>, counter: 0 },
      }).then(
        ({ verified }) => verified,
        () => false,
      );
      const ours = judgeAssertion({
        ...{ text, id: authenticator.id, host: "localhost", key: authenticator.key },
        clientData: Buffer.from(answered.response.clientDataJSON, "base64url").toString("utf8"),
        authenticatorData: hex(answered.response.authenticatorData),
        signature: hex(answered.response.signature),
      });
      expect([ceremony, ours.kind === "holds"]).toEqual([ceremony, theirs]);
    }
  });
});

describe("a passkey's word stands for an approval", () => {
  const authenticator = new SoftwareAuthenticator();
  const pinned: Passkey = { person: "ada", host: "localhost", id: authenticator.id, key: authenticator.key, label: "laptop" };
  const claim = (parts: Partial<ClaimedApproval> = {}): ClaimedApproval => ({
    ...{ by: "ada", digest: digest("a"), policy: digest("b"), because: "read it" },
    passkey: signed({}, {}, authenticator),
    ...parts,
  });
  const why = (approval: ClaimedApproval, passkeys: readonly Passkey[] = [pinned], update = "u1") => whyNotSigned(approval, { update, passkeys });

  it("where it is of that update, that release, those rules, that comment, by one of that person's", () => expect(why(claim())).toBeUndefined());
  it("and not without one", () => {
    const { passkey: _, ...plain } = claim();
    expect(why(plain)).toContain("no passkey signed it");
  });
  it.each<[string, Partial<ClaimedApproval>, string]>([
    ["another release", { digest: digest("c") }, "its passkey signed another release"],
    ["other policies", { policy: digest("c") }, "another set of policies"],
    ["another comment", { because: "did not read it" }, "another comment"],
    ["another person", { by: "bob" }, "another person's word"],
  ])("not for %s", (_, parts, because) => expect(why(claim(parts))).toContain(because));
  it("not for another update", () => expect(why(claim(), [pinned], "u2")).toContain("another update"));
  it("not by a passkey that was taken away", () => expect(why(claim(), [])).toContain("none of ada's, or no longer"));
  it("not by somebody else's, whose id is the same", () => expect(why(claim(), [{ ...pinned, person: "bob" }])).toContain("none of ada's"));
  it("not by one that is pinned for another host", () => expect(why(claim(), [{ ...pinned, host: "example.org" }])).toContain("none of ada's"));
  it("not by a key of its own under a pinned id", () => {
    const thief = new SoftwareAuthenticator();
    const word = { ...signed({}, {}, thief), id: authenticator.id };
    expect(why(claim({ passkey: word }))).toContain("none of ada's");
  });
});
