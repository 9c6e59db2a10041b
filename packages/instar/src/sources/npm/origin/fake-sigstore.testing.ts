import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import {
  encodeBits,
  encodeBoolean,
  encodeInteger,
  encodeObjectId,
  encodeOctets,
  encodeSequence,
  encodeSet,
  encodeTagged,
  encodeTime,
  encodeUtf8,
} from "./encode-der.testing.ts";

/** When everything here is signed. */
export const SIGNED_AT_MS = Date.UTC(2026, 5, 1, 12, 0, 0);

const SHA256_WITH_ECDSA = encodeSequence(encodeObjectId("1.2.840.10045.4.3.2"));
const YEAR_MS = 365 * 86_400_000;

export interface SignerFields {
  /** The subject alternative name. */
  readonly name: string;
  readonly issuer: string;
  /** The repository that ran the workflow; null leaves the extension out. */
  readonly sourceRepository: string | null;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** Without the promise of a certificate log. */
  readonly isUnlogged: boolean;
}

export interface BundleFields {
  readonly mediaType: string;
  readonly payloadType: string;
  readonly payload: Buffer;
  readonly signer: SignerFields;
  /** When the transparency log says that it took the entry. */
  readonly loggedAtMs: number;
}

/** What a bundle says, as JSON has it, loose enough for an attacker to change. */
// biome-ignore lint/suspicious/noExplicitAny: attacks reach into it anywhere
export type WrittenBundle = any;

/** A certificate authority, a log of certificates and a transparency log of one instance: true cryptography, and nobody else trusts them. */
export interface FakeSigstore {
  readonly trustedRoot: Buffer;
  bundle(fields: BundleFields): WrittenBundle;
}

export function createFakeSigstore(): FakeSigstore {
  const authority = createKey();
  const certificateLog = createKey();
  const log = createKey();
  const root = createRoot(authority);
  const validFor = { start: new Date(SIGNED_AT_MS - YEAR_MS).toISOString() };
  const asLog = (baseUrl: string, key: Key) => ({
    baseUrl,
    hashAlgorithm: "SHA2_256",
    publicKey: { rawBytes: key.spki.toString("base64"), keyDetails: "PKIX_ECDSA_P256_SHA_256", validFor },
    logId: { keyId: key.id.toString("base64") },
  });
  return {
    trustedRoot: Buffer.from(
      JSON.stringify({
        mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
        tlogs: [asLog("https://rekor.test", log)],
        certificateAuthorities: [{ uri: "https://fulcio.test", certChain: { certificates: [{ rawBytes: root.toString("base64") }] }, validFor }],
        ctlogs: [asLog("https://ctfe.test", certificateLog)],
      }),
    ),
    bundle: ({ mediaType, payloadType, payload, signer, loggedAtMs }) => {
      const key = createKey();
      const certificate = issueCertificate(key, authority, certificateLog, signer);
      const paeHeader = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.length} `;
      const signature = sign("sha256", Buffer.concat([Buffer.from(paeHeader), payload]), key.privateKey);
      return {
        mediaType,
        verificationMaterial: {
          ...(mediaType.includes("version=0.1") || mediaType.includes("version=0.2")
            ? { x509CertificateChain: { certificates: [{ rawBytes: certificate.toString("base64") }] } }
            : { certificate: { rawBytes: certificate.toString("base64") } }),
          tlogEntries: [writeLogEntry(log, { payload, signature, certificate, loggedAtMs })],
        },
        dsseEnvelope: { payloadType, payload: payload.toString("base64"), signatures: [{ sig: signature.toString("base64"), keyid: "" }] },
      };
    },
  };
}

interface Key {
  readonly privateKey: KeyObject;
  readonly spki: Buffer;
  /** SHA-256 of the SPKI: what logs are called by. */
  readonly id: Buffer;
}

function createKey(): Key {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const spki = publicKey.export({ format: "der", type: "spki" });
  return { privateKey, spki, id: sha256(spki) };
}

const sha256 = (...parts: readonly Uint8Array[]) => createHash("sha256").update(Buffer.concat(parts)).digest();

const ROOT_NAME = encodeSequence(encodeSet(encodeSequence(encodeObjectId("2.5.4.3"), encodeUtf8("fulcio.test"))));

const encodeExtension = (id: string, value: Buffer, isCritical = false) =>
  encodeSequence(encodeObjectId(id), ...(isCritical ? [encodeBoolean(true)] : []), encodeOctets(value));

const keyIdOf = (key: Key) => key.id.subarray(0, 20);

function createRoot(key: Key): Buffer {
  const extensions = [
    encodeExtension("2.5.29.19", encodeSequence(encodeBoolean(true)), true),
    encodeExtension("2.5.29.15", encodeBits(Buffer.from([0x06]), 1), true),
    encodeExtension("2.5.29.14", encodeOctets(keyIdOf(key))),
  ];
  const fields = { serial: 1, subject: ROOT_NAME, notBeforeMs: SIGNED_AT_MS - YEAR_MS, notAfterMs: SIGNED_AT_MS + YEAR_MS };
  return signCertificate(encodeToBeSigned(key, { ...fields, extensions }), key);
}

/** RFC 6962: the log signs the certificate without the extension that holds its signature. */
function issueCertificate(key: Key, authority: Key, certificateLog: Key, fields: SignerFields): Buffer {
  const { name, issuer, sourceRepository, notBeforeMs, notAfterMs, isUnlogged } = fields;
  const extensions = [
    encodeExtension("2.5.29.15", encodeBits(Buffer.from([0x80]), 7), true),
    encodeExtension("2.5.29.37", encodeSequence(encodeObjectId("1.3.6.1.5.5.7.3.3"))),
    encodeExtension("2.5.29.14", encodeOctets(keyIdOf(key))),
    encodeExtension("2.5.29.35", encodeSequence(encodeTagged(0x80, keyIdOf(authority)))),
    encodeExtension("2.5.29.17", encodeSequence(encodeTagged(0x86, Buffer.from(name))), true),
    encodeExtension("1.3.6.1.4.1.57264.1.8", encodeUtf8(issuer)),
    ...(sourceRepository === null ? [] : [encodeExtension("1.3.6.1.4.1.57264.1.12", encodeUtf8(sourceRepository))]),
  ];
  const parts = { serial: 2, subject: encodeSequence(), notBeforeMs, notAfterMs };
  const unlogged = encodeToBeSigned(key, { ...parts, extensions });
  if (isUnlogged) return signCertificate(unlogged, authority);
  const promise = encodeExtension("1.3.6.1.4.1.11129.2.4.2", encodeOctets(writeCertificatePromise(unlogged, authority, certificateLog, notBeforeMs)));
  return signCertificate(encodeToBeSigned(key, { ...parts, extensions: [...extensions, promise] }), authority);
}

interface CertificateParts {
  readonly serial: number;
  readonly subject: Buffer;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly extensions: readonly Buffer[];
}

function encodeToBeSigned(key: Key, { serial, subject, notBeforeMs, notAfterMs, extensions }: CertificateParts): Buffer {
  return encodeSequence(
    encodeTagged(0xa0, encodeInteger(2)),
    encodeInteger(serial),
    SHA256_WITH_ECDSA,
    ROOT_NAME,
    encodeSequence(encodeTime(notBeforeMs), encodeTime(notAfterMs)),
    subject,
    key.spki,
    encodeTagged(0xa3, encodeSequence(...extensions)),
  );
}

const signCertificate = (toBeSigned: Buffer, authority: Key) =>
  encodeSequence(toBeSigned, SHA256_WITH_ECDSA, encodeBits(sign("sha256", toBeSigned, authority.privateKey), 0));

function writeCertificatePromise(toBeSigned: Buffer, authority: Key, certificateLog: Key, atMs: number): Buffer {
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(atMs));
  const none = Buffer.from([0, 0]);
  const signed = Buffer.concat([none, time, Buffer.from([0, 1]), authority.id, lengthOf(toBeSigned, 3), toBeSigned, none]);
  const signature = sign("sha256", signed, certificateLog.privateKey);
  const promise = Buffer.concat([Buffer.from([0]), certificateLog.id, time, none, Buffer.from([4, 3]), lengthOf(signature, 2), signature]);
  const list = Buffer.concat([lengthOf(promise, 2), promise]);
  return Buffer.concat([lengthOf(list, 2), list]);
}

function lengthOf(bytes: Buffer, width: number): Buffer {
  const length = Buffer.alloc(width);
  length.writeUIntBE(bytes.length, 0, width);
  return length;
}

interface EntryParts {
  readonly payload: Buffer;
  readonly signature: Buffer;
  readonly certificate: Buffer;
  readonly loggedAtMs: number;
}

/** The second of two leaves: a tree whose proof has a hash in it. */
function writeLogEntry(log: Key, { payload, signature, certificate, loggedAtMs }: EntryParts) {
  const pem = `-----BEGIN CERTIFICATE-----\n${certificate.toString("base64")}\n-----END CERTIFICATE-----\n`;
  const body = Buffer.from(
    JSON.stringify({
      apiVersion: "0.0.1",
      kind: "dsse",
      spec: {
        payloadHash: { algorithm: "sha256", value: sha256(payload).toString("hex") },
        signatures: [{ signature: signature.toString("base64"), verifier: Buffer.from(pem).toString("base64") }],
      },
    }),
  );
  const integratedTime = Math.floor(loggedAtMs / 1_000);
  const promised = JSON.stringify({ body: body.toString("base64"), integratedTime, logID: log.id.toString("hex"), logIndex: 1 });
  const other = sha256(Buffer.from([0]), Buffer.from("another leaf"));
  const rootHash = sha256(Buffer.from([1]), other, sha256(Buffer.from([0]), body));
  const note = `rekor.test - 1\n2\n${rootHash.toString("base64")}\n`;
  const noteSignature = Buffer.concat([log.id.subarray(0, 4), sign("sha256", Buffer.from(note), log.privateKey)]);
  return {
    logIndex: "1",
    logId: { keyId: log.id.toString("base64") },
    kindVersion: { kind: "dsse", version: "0.0.1" },
    integratedTime: String(integratedTime),
    inclusionPromise: { signedEntryTimestamp: sign("sha256", Buffer.from(promised), log.privateKey).toString("base64") },
    inclusionProof: {
      logIndex: "1",
      treeSize: "2",
      rootHash: rootHash.toString("base64"),
      hashes: [other.toString("base64")],
      checkpoint: { envelope: `${note}\n\u2014 rekor.test ${noteSignature.toString("base64")}\n` },
    },
    canonicalizedBody: body.toString("base64"),
  };
}
