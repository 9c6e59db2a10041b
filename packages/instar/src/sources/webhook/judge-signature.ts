import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { parseSigningKey } from "./parse-signing-key.ts";
import { refuse, type WebhookRefusal } from "./webhook-verdict.ts";

export interface SignedBody {
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Byte by byte as it came: what is signed is not what was parsed. */
  readonly body: Uint8Array;
}

/** undefined where it is signed as it should be. The older X-Hub-Signature is SHA-1 and counts for nothing. */
export function judgeGithubSignature({ headers, body }: SignedBody, secrets: readonly string[]): WebhookRefusal | undefined {
  const shown = headers["x-hub-signature-256"];
  if (shown === undefined)
    return unsigned(
      headers["x-hub-signature"] === undefined
        ? "there is no X-Hub-Signature-256"
        : "it is signed with SHA-1 only, which does not count; X-Hub-Signature-256 does",
    );
  return judgeHexSignature(shown, body, secrets);
}

/** What Instar's own notifications send: x-instar-signature. */
export function judgeInstarSignature({ headers, body }: SignedBody, secrets: readonly string[]): WebhookRefusal | undefined {
  return judgeHexSignature(headers["x-instar-signature"] ?? "", body, secrets);
}

function judgeHexSignature(shown: string, body: Uint8Array, secrets: readonly string[]): WebhookRefusal | undefined {
  const hex = /^sha256=([0-9a-f]{64})$/i.exec(shown)?.[1];
  if (hex === undefined) return unsigned("its signature is not sha256= and 64 hexadecimal digits");
  const signature = Buffer.from(hex, "hex");
  return isAnyEqual(
    [signature],
    secrets.filter((secret) => secret !== "").map((secret) => createHmac("sha256", secret).update(body).digest()),
  )
    ? undefined
    : wrongSignature();
}

/** GitLab's secret token is sent as it is and signs nothing. Digests are compared: they are of one length, whatever the token's. */
export function judgeGitlabToken({ headers }: SignedBody, secrets: readonly string[]): WebhookRefusal | undefined {
  const shown = headers["x-gitlab-token"];
  if (shown === undefined || shown === "") return unsigned("there is no X-Gitlab-Token");
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return isAnyEqual([digest(shown)], secrets.filter((secret) => secret !== "").map(digest))
    ? undefined
    : unsigned("X-Gitlab-Token is not the one that is configured");
}

/** More than a sender that exchanges its secret ever sends. */
const MOST_SIGNATURES = 10;

/**
 * Standard Webhooks 1.0: HMAC-SHA-256 over `id.timestamp.body`, with any of several signatures by any of our secrets. What is signed with the public
 * keys of `v1a` is not known here. The time is asked after the signature: it means nothing before.
 */
export function judgeStandardSignature(
  { headers, body }: SignedBody,
  { secrets, nowMs, freshWithinMs }: { readonly secrets: readonly string[]; readonly nowMs: number; readonly freshWithinMs: number },
): WebhookRefusal | undefined {
  const { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": shown } = headers;
  if (id === undefined || timestamp === undefined || shown === undefined)
    return unsigned("it needs the headers webhook-id, webhook-timestamp and webhook-signature");
  if (!/^[\x21-\x7e]{1,256}$/.test(id) || !/^\d{1,12}$/.test(timestamp)) return unsigned("webhook-id or webhook-timestamp is not what it should be");
  const signatures = shown
    .split(" ", MOST_SIGNATURES)
    .filter((each) => each.startsWith("v1,"))
    .map((each) => Buffer.from(each.slice("v1,".length), "base64"));
  const expected = secrets
    .flatMap((secret) => parseSigningKey(secret) ?? [])
    .map((key) => createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest());
  if (!isAnyEqual(signatures, expected)) return wrongSignature();
  const awayMs = Number(timestamp) * 1_000 - nowMs;
  if (Math.abs(awayMs) > freshWithinMs)
    return unsigned(
      `it was signed ${Math.round(Math.abs(awayMs) / 1_000)} s ${awayMs < 0 ? "ago" : "ahead of this clock"}, and ${freshWithinMs / 1_000} s are allowed`,
    );
  return undefined;
}

/** Every pair is compared, and each in constant time: how long it takes does not tell which was right. No pair is no match. */
function isAnyEqual(shown: readonly Buffer[], expected: readonly Buffer[]): boolean {
  let isEqual = false;
  for (const one of shown) for (const other of expected) if (one.length === other.length && timingSafeEqual(one, other)) isEqual = true;
  return isEqual;
}

const unsigned = (because: string) => refuse(401, "UNAUTHORIZED", because);
const wrongSignature = () => unsigned("its signature is not that of this body with the secret that is configured");
