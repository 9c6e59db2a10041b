import { InstarError } from "@instar/protocol";
import semver from "semver";
import { quoteText } from "../../../platform/plain-text.ts";
import { PACKAGE_NAME } from "../../../settings/npm-source-settings.ts";
import { type Origin, unproven } from "../../origin.ts";
import { chooseProvenance } from "./choose-provenance.ts";
import { judgeProvenance } from "./judge-provenance.ts";
import { judgeRegistrySignature, type RegistrySignature } from "./judge-registry-signature.ts";
import type { WantedSigner } from "./judge-signer.ts";
import { parseSha512 } from "./parse-digest.ts";
import type { RegistryKey } from "./parse-registry-keys.ts";
import { readTrustMaterial } from "./read-trust-material.ts";

export interface NpmOriginQuestion {
  readonly packageName: string;
  readonly version: string;
  /** `dist.integrity` as it stands there, and what the archive is held to: signatures are over its very text. */
  readonly integrity: string;
  /** `dist.signatures` */
  readonly signatures: readonly RegistrySignature[];
  /** `dist.attestations.url`; null where the registry names none. */
  readonly attestationsUrl: string | null;
  /** Who may vouch. Provenance says more than a signature and is looked at first; either is an origin. */
  readonly accepts: {
    /** Pinned by the operator, see parse-registry-keys.ts; never what the registry says of itself. */
    readonly keys?: readonly RegistryKey[] | undefined;
    /** `trustRoot`: the bytes of a trusted_root.json; null is the public-good instance as Instar's dependencies came with it. */
    readonly provenance?: (WantedSigner & { readonly trustRoot: Buffer | null }) | undefined;
  };
  /** Wall time. A registry's key that has expired by now signs nothing: the dates that a registry gives of its versions prove nothing. */
  readonly nowMs: number;
  /**
   * Gets an address that the registry named: where it may lead, how large and how late the answer may be is for this to bound.
   * null where the registry answers that there is none (404). Every other failure throws.
   */
  readonly fetchJson: (url: string, signal: AbortSignal) => Promise<unknown>;
}

/**
 * Who vouches for a version of a package. Nobody is an answer (`none`) with its reason; what could not be asked is an error.
 * @throws InstarError INPUT_INVALID (no name or version of a package), SETTINGS_INVALID (the trust root cannot be read); what fetchJson throws; the signal's reason
 */
export async function proveNpmOrigin(question: NpmOriginQuestion, signal: AbortSignal): Promise<Origin> {
  const { packageName, version, integrity, signatures, accepts, nowMs } = question;
  assertNamed(packageName, version);
  const digest = parseSha512(integrity);
  if (digest === undefined) return unproven(`the registry gives no single SHA-512 digest of ${packageName}@${version}, and no other can be vouched for`);
  const reasons: string[] = [];
  if (accepts.provenance !== undefined) {
    const origin = await proveProvenance(question, accepts.provenance, digest, signal);
    if (origin.kind !== "none") return origin;
    reasons.push(origin.because);
  }
  if (accepts.keys !== undefined) {
    const origin = judgeRegistrySignature({ packageName, version, integrity, signatures, keys: accepts.keys, nowMs });
    if (origin.kind !== "none") return reasons.length === 0 ? origin : { ...origin, because: `${origin.because}; ${reasons.join("; ")}` };
    reasons.push(origin.because);
  }
  return unproven(reasons.length === 0 ? `nobody is accepted as vouching for ${packageName}@${version}` : reasons.join("; "));
}

async function proveProvenance(
  { packageName, version, attestationsUrl, fetchJson }: NpmOriginQuestion,
  { trustRoot, ...signer }: WantedSigner & { readonly trustRoot: Buffer | null },
  digest: Buffer,
  signal: AbortSignal,
): Promise<Origin> {
  // Before anything is asked: a trust root that cannot be read is the operator's to mend, whatever the registry says.
  const trust = await readTrustMaterial(trustRoot);
  signal.throwIfAborted();
  const document = attestationsUrl === null ? null : await fetchJson(attestationsUrl, signal);
  signal.throwIfAborted();
  if (document === null) return unproven(`the registry has no provenance for ${packageName}@${version}`);
  const chosen = chooseProvenance(document);
  if (chosen.kind === "none") return unproven(`the provenance of ${packageName}@${version} does not count: ${chosen.because}`);
  return judgeProvenance({ bundle: chosen.bundle, trust, packageName, version, digest, signer });
}

/** What is signed is put together from both: nothing in them may look like a part of the other. */
function assertNamed(packageName: string, version: string): void {
  if (packageName.length > 214 || !PACKAGE_NAME.test(packageName))
    throw new InstarError("INPUT_INVALID", `${quoteText(packageName, 214)} is not the name of a package`);
  // What semver calls valid it gives back without the build.
  const parsed = semver.parse(version);
  const written = parsed === null ? null : [parsed.version, ...(parsed.build.length > 0 ? [parsed.build.join(".")] : [])].join("+");
  if (written !== version) throw new InstarError("INPUT_INVALID", `${quoteText(version, 100)} is not a version of ${packageName}`);
}
