import { InstarError } from "@instar/protocol";
import { parse } from "semver";
import { z } from "zod";
import { parseBoundedJson } from "../../platform/parse-bounded-json.ts";
import { plainText } from "../../platform/plain-text.ts";

/** A version that an endpoint offers. */
export interface EndpointRelease {
  /** A semantic version, without a leading v. */
  readonly version: string;
  /** Where the archive lies: absolute, http or https. */
  readonly archive: string;
  /** Of the archive's bytes, 64 hexadecimal digits in lower case. */
  readonly sha256: string;
  readonly sizeBytes: number | null;
  /** Of the statement that endpointStatement gives, by Ed25519, in base64; null where there is none. */
  readonly signature: string | null;
  readonly notes: string | null;
  readonly channel: string | null;
  readonly priority: (typeof PRIORITIES)[number] | null;
}

const PRIORITIES = ["low", "normal", "high", "critical"] as const;

const offered = z.strictObject({
  version: z
    .string()
    .max(64)
    .refine((text) => parse(text) !== null, "must be a semantic version such as 1.4.0"),
  archive: z
    .url({ protocol: /^https?$/ })
    .max(2_000)
    .refine(hasNoUser, "must not hold a password"),
  sha256: z.string().regex(/^[0-9a-fA-F]{64}$/, "must be 64 hexadecimal digits"),
  size: z.int().min(1).optional(),
  signature: z
    .string()
    .regex(/^[A-Za-z0-9+/]{86}==$/, "must be an Ed25519 signature in base64: 88 characters")
    .optional(),
  notes: z.string().max(65_536).optional(),
  channel: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,31}$/, "must be a short name such as stable")
    .optional(),
  priority: z.enum(PRIORITIES).optional(),
});

/** What an endpoint answered, as a release. Pure. @throws InstarError DETECTION_FAILED, with what is wrong and where */
export function parseEndpointAnswer(text: string, { url, contentType }: { readonly url: string; readonly contentType: string }): EndpointRelease {
  if (/^(text\/html|application\/xhtml)/i.test(contentType.trim())) throw notAnAnswer(url, "is a page (HTML), not JSON");
  const json = parseBoundedJson(text);
  if (json.kind === "refused") throw notAnAnswer(url, json.because);
  const parsed = offered.safeParse(json.value);
  if (!parsed.success) throw notAnAnswer(url, `is not as it should be: ${parsed.error.issues.slice(0, 3).map(wordsOf).join("; ")}`);
  const { version, archive, sha256, size, signature, notes, channel, priority } = parsed.data;
  return {
    version: version.trim().replace(/^[v=]+/, ""),
    archive,
    sha256: sha256.toLowerCase(),
    sizeBytes: size ?? null,
    signature: signature ?? null,
    notes: notes ?? null,
    channel: channel ?? null,
    priority: priority ?? null,
  };
}

/** Of what is no address at all something else is said. */
function hasNoUser(address: string): boolean {
  const url = URL.parse(address);
  return url === null || (url.username === "" && url.password === "");
}

function wordsOf({ path, message }: z.core.$ZodIssue): string {
  return path.length === 0 ? plainText(message, 200) : `${plainText(path.join("."), 60)} ${plainText(message, 200)}`;
}

function notAnAnswer(url: string, because: string): InstarError {
  return new InstarError("DETECTION_FAILED", `the answer of ${url} ${because}`, {
    facts: { url },
    advice: 'It should be JSON: { "version", "archive", "sha256" } and, where it likes, "size", "signature", "notes", "channel", "priority".',
  });
}
