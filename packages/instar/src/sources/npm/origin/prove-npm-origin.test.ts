// Long, for each way in which a proof can be wrong is one test, and all of them share one small certificate authority and log.
import { createHash } from "node:crypto";
import { InstarError } from "@instar/protocol";
import { describe, expect, it } from "vitest";
import { createFakeRegistryKey } from "./fake-registry-key.testing.ts";
import { createFakeSigstore, SIGNED_AT_MS, type SignerFields, type WrittenBundle } from "./fake-sigstore.testing.ts";
import { type NpmOriginQuestion, proveNpmOrigin } from "./prove-npm-origin.ts";

const sigstore = createFakeSigstore();
const digest = createHash("sha512").update("the archive").digest();
const integrity = `sha512-${digest.toString("base64")}`;
const ISSUER = "https://token.actions.githubusercontent.com";
const SLSA = "https://slsa.dev/provenance/v1";
const BY = "https://github.com/owner/name/.github/workflows/release.yml@refs/tags/v1.2.3";
const V1 = "application/vnd.dev.sigstore.bundle+json;version=0.1";
const V3 = "application/vnd.dev.sigstore.bundle.v0.3+json";
const address = "https://registry.test/-/npm/v1/attestations/agent@1.2.3";

const statement = {
  _type: "https://in-toto.io/Statement/v1",
  subject: [{ name: "pkg:npm/agent@1.2.3", digest: { sha512: digest.toString("hex") } }],
  predicateType: SLSA,
  predicate: { buildDefinition: {}, runDetails: {} },
};

const workflow: SignerFields = {
  name: BY,
  issuer: ISSUER,
  sourceRepository: "https://github.com/owner/name",
  notBeforeMs: SIGNED_AT_MS - 1_000,
  notAfterMs: SIGNED_AT_MS + 600_000,
  isUnlogged: false,
};

interface Changes {
  readonly statement?: unknown;
  readonly payload?: Buffer;
  readonly payloadType?: string;
  readonly signer?: Partial<SignerFields>;
  readonly mediaType?: string;
  readonly loggedAtMs?: number;
}

function makeBundle(changes: Changes = {}, instance = sigstore): WrittenBundle {
  return instance.bundle({
    mediaType: changes.mediaType ?? V3,
    payloadType: changes.payloadType ?? "application/vnd.in-toto+json",
    payload: changes.payload ?? Buffer.from(JSON.stringify(changes.statement ?? statement)),
    signer: { ...workflow, ...changes.signer },
    loggedAtMs: changes.loggedAtMs ?? SIGNED_AT_MS,
  });
}

const attestationsOf = (...bundles: readonly unknown[]) => ({ attestations: bundles.map((bundle) => ({ predicateType: SLSA, bundle })) });

const registry = createFakeRegistryKey();
const keys = [registry.key];
const signatures = [registry.sign(`agent@1.2.3:${integrity}`)];

const provenance = { repository: "owner/name", workflow: "release.yml", issuer: ISSUER, trustRoot: sigstore.trustedRoot };

function ask(document: unknown, changes: Partial<NpmOriginQuestion> = {}, signal = new AbortController().signal) {
  const question: NpmOriginQuestion = {
    packageName: "agent",
    version: "1.2.3",
    integrity,
    signatures: [],
    attestationsUrl: address,
    accepts: { provenance },
    nowMs: SIGNED_AT_MS,
    fetchJson: async () => document,
    ...changes,
  };
  return proveNpmOrigin(question, signal);
}

const askAbout = (bundle: unknown, changes: Partial<NpmOriginQuestion> = {}) => ask(attestationsOf(bundle), changes);
const nobody = (because: string | RegExp) => ({ kind: "none", by: null, because: expect.stringMatching(because) });

describe("a package that a workflow built", () => {
  for (const mediaType of [V3, "application/vnd.dev.sigstore.bundle+json;version=0.3", "application/vnd.dev.sigstore.bundle+json;version=0.2", V1])
    it(`is vouched for by it: ${mediaType}`, async () => {
      const origin = await askAbout(makeBundle({ mediaType }));
      expect(origin).toEqual({
        kind: "npm-provenance",
        by: BY,
        because: `${BY} built agent@1.2.3 with this digest, and a transparency log holds that it says so`,
      });
    });

  it("is asked of the address that the registry names, and what the registry attests of itself is passed over", async () => {
    const asked: string[] = [];
    const publish = { predicateType: "https://github.com/npm/attestation/tree/main/specs/publish/v0.1", bundle: {} };
    const origin = await ask(null, {
      fetchJson: async (url) => {
        asked.push(url);
        return { attestations: [publish, ...attestationsOf(makeBundle()).attestations] };
      },
    });
    expect(origin.kind).toBe("npm-provenance");
    expect(asked).toEqual([address]);
  });

  it("may have a scope, which a package URL encodes", async () => {
    const bundle = makeBundle({ statement: { ...statement, subject: [{ ...statement.subject[0], name: "pkg:npm/%40scope/agent@1.2.3" }] } });
    expect(await askAbout(bundle, { packageName: "@scope/agent" })).toMatchObject({ kind: "npm-provenance" });
    expect(await askAbout(bundle, { packageName: "agent" })).toEqual(nobody("it is of another package"));
  });

  it("may be built by any workflow where none is named", async () => {
    const name = BY.replace("release.yml", "other.yaml");
    const { workflow: _, ...anyWorkflow } = provenance;
    expect(await askAbout(makeBundle({ signer: { name } }), { accepts: { provenance: anyWorkflow } })).toMatchObject({ kind: "npm-provenance", by: name });
  });
});

describe("a package without provenance", () => {
  it("has none, whether the registry names no address or has nothing there", async () => {
    const none = { kind: "none", by: null, because: "the registry has no provenance for agent@1.2.3" };
    expect(await ask(attestationsOf(makeBundle()), { attestationsUrl: null })).toEqual(none);
    expect(await ask(null)).toEqual(none);
  });

  it("is an error, and not none, where nobody answered", async () => {
    const broken = new InstarError("SOURCE_GONE", "nobody answers");
    const fetchJson = () => Promise.reject(broken);
    await expect(ask(null, { fetchJson })).rejects.toBe(broken);
    await expect(ask(null, { fetchJson, accepts: { provenance, keys }, signatures })).rejects.toBe(broken);
  });

  it("is not asked for when the question was taken back", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const fetchJson = async () => {
      controller.abort(reason);
      return attestationsOf(makeBundle());
    };
    await expect(ask(null, { fetchJson }, controller.signal)).rejects.toBe(reason);
    const unasked = () => Promise.reject(new Error("it is asked all the same"));
    await expect(ask(null, { fetchJson: unasked }, AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  it("has nobody where nobody is accepted", async () => {
    expect(await ask(attestationsOf(makeBundle()), { accepts: {} })).toEqual(nobody("nobody is accepted"));
  });
});

describe("a registry that hands out attestations", () => {
  const rows: readonly [string, unknown, RegExp][] = [
    ["of nothing", { attestations: [] }, /has no attestation of it, and not https:\/\/slsa/],
    ["in no form that is known", { attestation: [] }, /are not understood/],
    ["as text", "attestations", /are not understood/],
    ["as nothing that JSON knows", undefined, /are not understood/],
    ["of the older kind", { attestations: [{ predicateType: "https://slsa.dev/provenance/v0.2", bundle: makeBundle() }] }, /v0\.2", and not/],
    ["twice", attestationsOf(makeBundle(), makeBundle()), /has 2 provenances of it/],
    ["in hundreds", attestationsOf(...Array.from({ length: 17 }, () => ({}))), /has 17 attestations of it/],
    ["of more than 2 MiB", attestationsOf({ ...makeBundle(), more: "x".repeat(2 * 1_024 ** 2) }), /at most 2097152 are looked at/],
    ["nested without an end", attestationsOf(JSON.parse(`${"[".repeat(200_000)}${"]".repeat(200_000)}`)), /are not understood/],
    ["that are null", attestationsOf(null), /it is no Sigstore bundle/],
    ["that are numbers", attestationsOf(7), /it is no Sigstore bundle/],
  ];
  for (const [what, document, because] of rows)
    it(`${what} is not believed`, async () => {
      expect(await ask(document)).toEqual(nobody(because));
    });
});

describe("a bundle", () => {
  const changed = (change: (bundle: WrittenBundle) => void, changes: Changes = {}) => {
    const bundle = makeBundle(changes);
    change(bundle);
    return bundle;
  };
  const entryOf = (bundle: WrittenBundle) => bundle.verificationMaterial.tlogEntries[0];
  const flip = (base64: string) => {
    const bytes = Buffer.from(base64, "base64");
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    return bytes.toString("base64");
  };
  const other = makeBundle({ statement: { ...statement, predicate: {} } });
  const rows: readonly [string, WrittenBundle, RegExp][] = [
    ["of a kind to come", makeBundle({ mediaType: "application/vnd.dev.sigstore.bundle.v0.9+json" }), /a bundle of a kind that is not known/],
    [
      "with another statement under its signature",
      changed((b) => Object.assign(b.dsseEnvelope, { payload: other.dsseEnvelope.payload })),
      /holds it|signature/,
    ],
    [
      "with a signature that was changed",
      changed((b) => Object.assign(b.dsseEnvelope.signatures[0], { sig: flip(b.dsseEnvelope.signatures[0].sig) })),
      /holds it/,
    ],
    ["with another's log entry", changed((b) => Object.assign(b.verificationMaterial, { tlogEntries: other.verificationMaterial.tlogEntries })), /holds it/],
    [
      "with another's certificate",
      changed((b) => Object.assign(b.verificationMaterial, { certificate: other.verificationMaterial.certificate })),
      /its signature is not of/,
    ],
    ["in no log", changed((b) => Object.assign(b.verificationMaterial, { tlogEntries: [] })), /it names no entry of a transparency log/],
    [
      "that a log only promised to take",
      changed((b) => delete entryOf(b).inclusionProof, { mediaType: V1 }),
      /does not prove that a transparency log holds it/,
    ],
    ["with a proof without a checkpoint", changed((b) => delete entryOf(b).inclusionProof.checkpoint, { mediaType: V1 }), /does not prove that/],
    ["that no log promised, and nobody stamped", changed((b) => delete entryOf(b).inclusionPromise), /nobody who is trusted says when/],
    [
      "with a promise that was changed",
      changed((b) => Object.assign(entryOf(b), { integratedTime: String(SIGNED_AT_MS / 1_000 + 1) })),
      /no transparency log that is trusted/,
    ],
    ["at another place in the log", changed((b) => Object.assign(entryOf(b).inclusionProof, { logIndex: "0" })), /no transparency log that is trusted/],
    [
      "with a hash that leads elsewhere",
      changed((b) => Object.assign(entryOf(b).inclusionProof, { hashes: [digest.subarray(32).toString("base64")] })),
      /no transparency log/,
    ],
    ["with the same log entry twice", changed((b) => b.verificationMaterial.tlogEntries.push(entryOf(b))), /duplicate/],
    [
      "with more log entries than anybody needs",
      changed((b) => Object.assign(b.verificationMaterial, { tlogEntries: Array(5).fill(entryOf(b)) })),
      /more log entries/,
    ],
    ["with more timestamps than anybody needs", changed((b) => stamp(b, 5)), /log entries or timestamps than anybody needs/],
    ["with a timestamp that is none", changed((b) => stamp(b, 1)), /its signature is not understood/],
    ["of an authority that nobody trusts", makeBundle({}, createFakeSigstore()), /does not lead to the trust root/],
    ["whose certificate had expired when it signed", makeBundle({ loggedAtMs: SIGNED_AT_MS + 700_000 }), /does not lead to the trust root, or was not valid/],
    ["whose certificate was not valid yet", makeBundle({ loggedAtMs: SIGNED_AT_MS - 5_000 }), /or was not valid when it was used/],
    ["whose certificate no log of certificates has", makeBundle({ signer: { isUnlogged: true } }), /expected 1 SCTs/],
    [
      "whose certificate is no certificate",
      changed((b) => Object.assign(b.verificationMaterial.certificate, { rawBytes: "AAAA" })),
      /signature is not understood/,
    ],
    ["that is signed with a key", changed((b) => signWithKey(b)), /signed with a key/],
    ["that signs a file", changed((b) => signFile(b)), /it signs no statement/],
    ["with two signatures", changed((b) => b.dsseEnvelope.signatures.push(b.dsseEnvelope.signatures[0])), /its bundle is not understood/],
    ["of nothing", { mediaType: V3 }, /its bundle is not understood/],
  ];
  for (const [what, bundle, because] of rows)
    it(`${what} does not count`, async () => {
      expect(await askAbout(bundle)).toEqual(nobody(because));
    });

  function signWithKey(bundle: WrittenBundle) {
    delete bundle.verificationMaterial.certificate;
    bundle.verificationMaterial.publicKey = { hint: "SHA256:key" };
  }

  function stamp(bundle: WrittenBundle, times: number) {
    bundle.verificationMaterial.timestampVerificationData = { rfc3161Timestamps: Array(times).fill({ signedTimestamp: "AAAA" }) };
  }

  function signFile(bundle: WrittenBundle) {
    bundle.messageSignature = { messageDigest: { algorithm: "SHA2_256", digest: digest.toString("base64") }, signature: bundle.dsseEnvelope.signatures[0].sig };
    delete bundle.dsseEnvelope;
  }
});

describe("a trust root that lacks", () => {
  const other = JSON.parse(createFakeSigstore().trustedRoot.toString());
  for (const [what, part, because] of [
    ["the authority", "certificateAuthorities", /does not lead to the trust root/],
    ["the log of certificates", "ctlogs", /SCT verification failed/],
    ["the transparency log", "tlogs", /no transparency log that is trusted holds it/],
  ] as const)
    it(`${what} lets nothing of it count`, async () => {
      const trustRoot = Buffer.from(JSON.stringify({ ...JSON.parse(sigstore.trustedRoot.toString()), [part]: other[part] }));
      expect(await askAbout(makeBundle(), { accepts: { provenance: { ...provenance, trustRoot } } })).toEqual(nobody(because));
    });

  it("nothing but the instance itself is the public one", async () => {
    expect(await askAbout(makeBundle(), { accepts: { provenance: { ...provenance, trustRoot: null } } })).toEqual(nobody("does not lead to the trust root"));
  });

  it("its own form is an error before anybody is asked", async () => {
    const fetchJson = () => Promise.reject(new Error("it is asked all the same"));
    const accepts = { provenance: { ...provenance, trustRoot: Buffer.from("{}") } };
    await expect(ask(null, { accepts, fetchJson })).rejects.toMatchObject({ code: "SETTINGS_INVALID" });
  });
});

describe("a workflow that signs", () => {
  const rows: readonly [string, Partial<SignerFields>, RegExp][] = [
    ["of another repository", { name: BY.replace("owner/name", "evil/name") }, /not by a workflow of owner\/name/],
    ["of a repository whose name begins the same", { name: BY.replace("owner/name", "owner/name-evil") }, /not by a workflow of owner\/name/],
    ["of a path that leads elsewhere", { name: BY.replace("owner/name", "owner/name/../other") }, /not by a workflow of owner\/name/],
    ["of a folder that leads elsewhere", { name: BY.replace("workflows/", "workflows/../../") }, /no workflow at a branch or a tag/],
    ["of the repository in other letters", { name: BY.replace("owner/name", "Owner/Name") }, /not by a workflow of owner\/name/],
    ["at another place", { name: BY.replace("github.com", "github.com.evil.test") }, /not by a workflow of owner\/name/],
    ["with the right name further on", { name: `https://evil.test/?${BY}` }, /not by a workflow of owner\/name/],
    ["by another file", { name: BY.replace("release.yml", "test.yml") }, /by the workflow "test.yml" of owner\/name, and not by release.yml/],
    ["by a file whose name begins the same", { name: BY.replace("release.yml", "release.yml.yml") }, /and not by release.yml/],
    ["by a file whose name moves a cursor", { name: BY.replace("release.yml", "\u001b[2Jrelease.yml") }, /no workflow at a branch or a tag/],
    ["at a ref that moves a cursor", { name: BY.replace("v1.2.3", "v1\u001b[2J") }, /no workflow at a branch or a tag/],
    ["at no ref", { name: BY.replace("@refs/tags/v1.2.3", "") }, /no workflow at a branch or a tag/],
    ["at a commit", { name: BY.replace("refs/tags/v1.2.3", "5c1a") }, /no workflow at a branch or a tag/],
    ["at a proposal", { name: BY.replace("refs/tags/v1.2.3", "refs/pull/7/merge") }, /a proposal that anybody can make/],
    ["named by another issuer", { issuer: "https://accounts.google.com" }, /named by "https:\/\/accounts.google.com"/],
    ["named by an issuer that begins the same", { issuer: `${ISSUER}.evil.test` }, /named by/],
    ["and was called by another repository", { sourceRepository: "https://github.com/evil/name" }, /was not run by owner\/name/],
    ["and was called by a repository whose name begins the same", { sourceRepository: "https://github.com/owner/name2" }, /was not run by owner\/name/],
    ["and was called by nobody knows whom", { sourceRepository: null }, /was not run by owner\/name/],
  ];
  for (const [what, signer, because] of rows)
    it(`${what} does not count`, async () => {
      expect(await askAbout(makeBundle({ signer }))).toEqual(nobody(because));
    });

  it("is held to the exact name where it has signs that a pattern would read otherwise", async () => {
    const dotted = { ...provenance, repository: "owner/na.me" };
    const signer = { name: BY.replace("owner/name", "owner/naxme"), sourceRepository: "https://github.com/owner/naxme" };
    expect(await askAbout(makeBundle({ signer }), { accepts: { provenance: dotted } })).toEqual(nobody("not by a workflow of owner/na.me"));
  });

  it("of a repository with a very long name counts", async () => {
    const repository = `${"o".repeat(39)}/${"n".repeat(100)}`;
    const signer = { name: BY.replace("owner/name", repository), sourceRepository: `https://github.com/${repository}` };
    expect(await askAbout(makeBundle({ signer }), { accepts: { provenance: { ...provenance, repository } } })).toMatchObject({ kind: "npm-provenance" });
  });
});

describe("a statement", () => {
  const [subject] = statement.subject;
  const of = (changes: object) => makeBundle({ statement: { ...statement, ...changes } });
  const named = (name: string) => of({ subject: [{ ...subject, name }] });
  const rows: readonly [string, WrittenBundle, RegExp][] = [
    ["of another package", named("pkg:npm/other@1.2.3"), /it is of another package: "pkg:npm\/other@1.2.3"/],
    ["of another version", named("pkg:npm/agent@1.2.4"), /it is of another package/],
    ["of a package whose name ends the same", named("pkg:npm/%40evil/agent@1.2.3"), /it is of another package/],
    ["of the package in another registry", named("pkg:pypi/agent@1.2.3"), /it is of another package/],
    ["of a package with something behind it", named("pkg:npm/agent@1.2.3?x=y"), /it is of another package/],
    ["of another archive", of({ subject: [{ ...subject, digest: { sha512: "00".repeat(64) } }] }), /it is of another archive/],
    ["with a weaker digest only", of({ subject: [{ ...subject, digest: { sha256: digest.toString("hex") } }] }), /it is of another archive/],
    ["of two packages", of({ subject: [subject, { ...subject, name: "pkg:npm/other@1.2.3" }] }), /it is of 2 things|of 2 things/],
    ["of nothing", of({ subject: [] }), /of 0 things/],
    ["of something else than building", of({ predicateType: "https://example.test/review/v1" }), /and not https:\/\/slsa.dev\/provenance\/v1/],
    ["of the older kind within", of({ predicateType: "https://slsa.dev/provenance/v0.2" }), /and not https:\/\/slsa.dev\/provenance\/v1/],
    ["in another form", of({ _type: "https://in-toto.io/Link/v1" }), /of a kind that is not known/],
    ["that is no JSON", makeBundle({ payload: Buffer.from("{") }), /its statement is not understood/],
    ["that lacks what it is of", of({ subject: undefined }), /its statement is not understood/],
    ["that is signed as something else", makeBundle({ payloadType: "text/plain" }), /it signs "text\/plain"/],
  ];
  for (const [what, bundle, because] of rows)
    it(`${what} does not count`, async () => {
      expect(await askAbout(bundle)).toEqual(nobody(because));
    });

  it("does not say who signed it", async () => {
    const claim = {
      buildDefinition: { externalParameters: { workflow: { repository: "https://github.com/owner/name", path: ".github/workflows/release.yml" } } },
    };
    const signer = { name: BY.replace("owner", "evil"), sourceRepository: "https://github.com/evil/name" };
    expect(await askAbout(makeBundle({ statement: { ...statement, predicate: claim }, signer }))).toEqual(nobody("not by a workflow of owner/name"));
  });
});

describe("a digest", () => {
  for (const [what, given] of [
    ["of SHA-1", `sha1-${createHash("sha1").update("x").digest("base64")}`],
    ["of two algorithms", `${integrity} sha256-${createHash("sha256").update("x").digest("base64")}`],
    ["with an option", `${integrity}?x`],
    ["that is short", "sha512-AAAA"],
    ["that is a byte too long", `sha512-${Buffer.alloc(65).toString("base64")}`],
    ["with bits behind its end", `sha512-${"A".repeat(85)}B==`],
    ["that is missing", ""],
  ] as const)
    it(`${what} is vouched for by nobody`, async () => {
      const signatures = [registry.sign(`agent@1.2.3:${given}`)];
      const origin = await askAbout(makeBundle(), { integrity: given, signatures, accepts: { provenance, keys } });
      expect(origin).toEqual(nobody("no single SHA-512 digest of agent@1.2.3"));
    });
});

describe("a question about", () => {
  for (const [what, changes] of [
    ["no package", { packageName: "agent@1.2.3:x" }],
    ["no version", { version: "1.2.3:x" }],
    ["a version in another form", { version: "v1.2.3" }],
  ] as const)
    it(`${what} is a mistake`, async () => {
      await expect(ask(null, changes)).rejects.toMatchObject({ code: "INPUT_INVALID" });
    });
});

it("a version may have a build behind it", async () => {
  const version = "1.2.3-rc.1+build.7";
  const origin = await ask(null, { version, accepts: { keys }, signatures: [registry.sign(`agent@${version}:${integrity}`)] });
  expect(origin).toMatchObject({ kind: "npm-signature" });
});

describe("a package with both", () => {
  const accepts = { provenance, keys };

  it("is vouched for by the workflow", async () => {
    expect(await askAbout(makeBundle(), { accepts, signatures })).toMatchObject({ kind: "npm-provenance", by: BY });
  });

  it("is vouched for by the registry where the workflow does not count, and says why not", async () => {
    const origin = await askAbout(makeBundle({ signer: { issuer: "https://evil.test" } }), { accepts, signatures });
    expect(origin).toMatchObject({ kind: "npm-signature", by: "SHA256:registry" });
    expect(origin.because).toMatch(/signed agent@1.2.3 .*; the provenance of agent@1.2.3 does not count: its signer was named by/);
  });

  it("has both reasons where neither counts", async () => {
    expect(await ask(null, { accepts })).toEqual(nobody("no provenance for agent@1.2.3; the registry did not sign agent@1.2.3"));
  });
});
