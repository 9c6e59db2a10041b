import type { Bundle } from "@sigstore/bundle";
import type { Signer, TrustMaterial } from "@sigstore/verify";
import { plainText, quoteText } from "../../../platform/plain-text.ts";
import { type Origin, unproven } from "../../origin.ts";
import { judgeSigner, type WantedSigner } from "./judge-signer.ts";
import { judgeStatement } from "./judge-statement.ts";

export interface ProvenanceQuestion {
  /** As it came. */
  readonly bundle: unknown;
  readonly trust: TrustMaterial;
  readonly packageName: string;
  readonly version: string;
  /** SHA-512 of the archive. */
  readonly digest: Buffer;
  readonly signer: WantedSigner;
}

/**
 * Whether a workflow that is accepted says in public that it built just this archive. In this order: the bundle is of a known form, a transparency
 * log holds it, the certificate leads to the trust root and was valid then, the signature is good; then who signed; then what was signed.
 * Nothing but the certificate is asked who signed. Pure.
 */
export async function judgeProvenance({ bundle: written, trust, packageName, version, digest, signer: wanted }: ProvenanceQuestion): Promise<Origin> {
  const what = `${packageName}@${version}`;
  const refused = (because: string) => unproven(`the provenance of ${what} does not count: ${because}`);
  const bundle = await parseBundle(written);
  if (typeof bundle === "string") return refused(bundle);
  const signer = await verifyBundle(bundle, trust);
  if (typeof signer === "string") return refused(signer);
  const who = judgeSigner(signer.identity ?? {}, wanted);
  if (who.by === null) return refused(who.because);
  if (bundle.content.$case !== "dsseEnvelope") return refused("it signs no statement");
  const problem = judgeStatement(bundle.content.dsseEnvelope, { packageName, version, digest });
  if (problem !== undefined) return refused(problem);
  return { kind: "npm-provenance", by: who.by, because: `${who.by} built ${what} with this digest, and a transparency log holds that it says so` };
}

/** A log's promise to take an entry is no entry yet. More entries than these no client writes. */
const MOST_LOG_ENTRIES = 4;
const MOST_TIMESTAMPS = 4;

/** The bundle, or why it does not count. */
async function parseBundle(written: unknown): Promise<Bundle | string> {
  const sigstore = await import("@sigstore/bundle");
  const known = [sigstore.BUNDLE_V01_MEDIA_TYPE, sigstore.BUNDLE_V02_MEDIA_TYPE, sigstore.BUNDLE_V03_LEGACY_MEDIA_TYPE, sigstore.BUNDLE_V03_MEDIA_TYPE];
  const mediaType = (written as { readonly mediaType?: unknown } | null | undefined)?.mediaType;
  if (typeof mediaType !== "string") return "it is no Sigstore bundle";
  if (!known.includes(mediaType)) return `it is a bundle of a kind that is not known: ${quoteText(mediaType, 100)}`;
  let bundle: Bundle;
  try {
    bundle = sigstore.bundleFromJSON(written);
  } catch {
    return "its bundle is not understood";
  }
  const { content, tlogEntries, timestampVerificationData } = bundle.verificationMaterial;
  if (!sigstore.isBundleWithDsseEnvelope(bundle)) return "it signs no statement";
  if (content.$case === "publicKey") return "it is signed with a key, which says nothing of a workflow";
  if (tlogEntries.length === 0) return "it names no entry of a transparency log";
  if (tlogEntries.length > MOST_LOG_ENTRIES || (timestampVerificationData?.rfc3161Timestamps.length ?? 0) > MOST_TIMESTAMPS)
    return "it has more log entries or timestamps than anybody needs";
  if (tlogEntries.some(({ inclusionProof }) => inclusionProof?.checkpoint === undefined)) return "it does not prove that a transparency log holds it";
  return bundle;
}

/** Who signed, by the certificate alone, or why the signature does not count. */
async function verifyBundle(bundle: Bundle, trust: TrustMaterial): Promise<Signer | string> {
  const { toSignedEntity, Verifier } = await import("@sigstore/verify");
  try {
    return new Verifier(trust, { tlogThreshold: 1, ctlogThreshold: 1, timestampThreshold: 1 }).verify(toSignedEntity(bundle));
  } catch (error) {
    // Whatever is thrown here is thrown over what somebody else wrote: bytes that are no certificate are a TypeError.
    const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
    const known = WORDS.find(([prefix]) => String(code).startsWith(prefix))?.[1] ?? "its signature is not understood";
    return typeof message === "string" ? `${known} (${plainText(message, 200)})` : known;
  }
}

/** By the beginnings of the verifier's codes. */
const WORDS = [
  ["CERTIFICATE", "its certificate does not lead to the trust root, or was not valid when it was used"],
  ["TLOG", "no transparency log that is trusted holds it"],
  ["TIMESTAMP", "nobody who is trusted says when it was signed"],
  ["SIGNATURE", "its signature is not of what it says"],
] as const;
