import { InstarError } from "@instar/protocol";
import type { toTrustMaterial } from "@sigstore/verify";
import { z } from "zod";
import { parseBase64 } from "./parse-digest.ts";

export type TrustedRoot = Parameters<typeof toTrustMaterial>[0];

/** The numbers are those of Sigstore's protobuf-specs. RSA is left out: no log of theirs has it, and the verifier reads it in two forms. */
const KEY_DETAILS: Readonly<Record<string, number>> = {
  PKIX_ECDSA_P256_SHA_256: 5,
  PKIX_ED25519: 7,
  PKIX_ECDSA_P384_SHA_384: 12,
  PKIX_ECDSA_P521_SHA_512: 13,
};
const SHA2_256 = 1;

const bytes = z.string().transform((text, context) => {
  const parsed = parseBase64(text);
  if (parsed !== undefined) return parsed;
  context.addIssue({ code: "custom", message: "must be base64" });
  return z.NEVER;
});
const time = z.iso.datetime({ offset: true }).transform((text) => new Date(text));
// What began at no time was trusted at every time.
const validFor = z.object({ start: time, end: time.optional() });
const keyId = z.object({ keyId: bytes });

const log = z.object({
  baseUrl: z.string().min(1),
  publicKey: z.object({ rawBytes: bytes, keyDetails: z.string(), validFor }),
  logId: keyId,
  checkpointKeyId: keyId.optional(),
});

const authority = z.object({
  uri: z.string().default(""),
  certChain: z.object({ certificates: z.array(z.object({ rawBytes: bytes })).min(1) }),
  validFor,
});

const document = z.object({
  mediaType: z
    .string()
    .regex(/^application\/vnd\.dev\.sigstore\.trustedroot(?:\+json;version=0\.1|\.v0\.[12]\+json)$/, "must be that of a Sigstore trusted root"),
  tlogs: z.array(log),
  certificateAuthorities: z.array(authority).min(1),
  ctlogs: z.array(log),
  timestampAuthorities: z.array(authority).default([]),
});

/**
 * A trusted_root.json. Logs with keys of a kind that is not known are left out: what only they hold is held by nobody.
 * @throws InstarError SETTINGS_INVALID
 */
export function parseTrustedRoot(file: Buffer): TrustedRoot {
  const parsed = document.safeParse(parseJson(file));
  if (!parsed.success) throw unreadable(z.prettifyError(parsed.error).slice(0, 500));
  const { mediaType, tlogs, certificateAuthorities, ctlogs, timestampAuthorities } = parsed.data;
  const root = {
    mediaType,
    tlogs: tlogs.flatMap(planLog),
    certificateAuthorities: certificateAuthorities.map(planAuthority),
    ctlogs: ctlogs.flatMap(planLog),
    timestampAuthorities: timestampAuthorities.map(planAuthority),
  };
  if (root.tlogs.length === 0) throw unreadable("it names no transparency log with a key of a known kind");
  if (root.ctlogs.length === 0) throw unreadable("it names no log of certificates with a key of a known kind");
  return root;
}

function planLog({ baseUrl, publicKey, logId, checkpointKeyId }: z.output<typeof log>): TrustedRoot["tlogs"] {
  const keyDetails = KEY_DETAILS[publicKey.keyDetails];
  if (keyDetails === undefined) return [];
  const validFor = planTime(publicKey.validFor);
  return [{ baseUrl, hashAlgorithm: SHA2_256, publicKey: { rawBytes: publicKey.rawBytes, keyDetails, validFor }, logId, checkpointKeyId, operator: "" }];
}

const planAuthority = ({ uri, certChain, validFor }: z.output<typeof authority>): TrustedRoot["certificateAuthorities"][number] => ({
  subject: undefined,
  uri,
  certChain,
  validFor: planTime(validFor),
  operator: "",
});

const planTime = ({ start, end }: z.output<typeof validFor>) => ({ start, end });

function parseJson(file: Buffer): unknown {
  try {
    return JSON.parse(file.toString("utf8"));
  } catch {
    return undefined;
  }
}

function unreadable(because: string): InstarError {
  return new InstarError("SETTINGS_INVALID", "the Sigstore trust root cannot be read", {
    cause: new Error(because),
    advice: "Check the file that source.npm.origin.provenance.trustedRoot names: it is a trusted_root.json as Sigstore's TUF repository has it.",
  });
}
