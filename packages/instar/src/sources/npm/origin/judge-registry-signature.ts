import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { quoteText } from "../../../platform/plain-text.ts";
import { type Origin, unproven } from "../../origin.ts";
import { parseBase64 } from "./parse-digest.ts";
import type { RegistryKey } from "./parse-registry-keys.ts";

/** One of `dist.signatures`: ECDSA in DER, in base64. */
export interface RegistrySignature {
  readonly keyid: string;
  readonly sig: string;
}

export interface SignatureQuestion {
  readonly packageName: string;
  readonly version: string;
  readonly integrity: string;
  readonly signatures: readonly RegistrySignature[];
  readonly keys: readonly RegistryKey[];
  readonly nowMs: number;
}

/** The only scheme that npm's registry signs with. */
const SCHEME = "ecdsa-sha2-nistp256";

/** A registry that exchanges its key signs twice for a while. */
const MOST_SIGNATURES = 8;

/** Whether a registry signed this version and this digest with a key that the operator pinned. One good signature is enough. Pure. */
export function judgeRegistrySignature({ packageName, version, integrity, signatures, keys, nowMs }: SignatureQuestion): Origin {
  const what = `${packageName}@${version}`;
  if (signatures.length === 0) return unproven(`the registry did not sign ${what}`);
  if (signatures.length > MOST_SIGNATURES)
    return unproven(`the registry gives ${signatures.length} signatures of ${what}; at most ${MOST_SIGNATURES} are looked at`);
  const signed = Buffer.from(`${what}:${integrity}`);
  const problems = new Set<string>();
  for (const { keyid, sig } of signatures) {
    const key = findKey(keys, keyid, nowMs);
    const signature = parseBase64(sig);
    if (typeof key === "string") problems.add(key);
    else if (signature === undefined) problems.add(`the signature by ${quoteText(keyid, 100)} is not base64`);
    else if (verify("sha256", signed, key, signature))
      return { kind: "npm-signature", by: keyid, because: `the registry signed ${what} and its digest with the key ${keyid}` };
    else problems.add(`the signature by ${quoteText(keyid, 100)} is not of ${what} with this digest`);
  }
  return unproven(`no signature of ${what} counts: ${[...problems].join(", and ")}`);
}

/** The key, or why what is signed with it does not count. */
function findKey(keys: readonly RegistryKey[], keyid: string, nowMs: number): KeyObject | string {
  const name = `the key ${quoteText(keyid, 100)}`;
  const [key, ...others] = keys.filter((each) => each.keyid === keyid);
  if (key === undefined) return `${name} is not one of those that are pinned`;
  if (others.length > 0) return `${name} is pinned ${others.length + 1} times, and nobody can tell which one is meant`;
  if (key.scheme !== SCHEME || key.keytype !== SCHEME) return `${name} is of the scheme ${quoteText(key.scheme, 50)}, and only ${SCHEME} counts`;
  if (key.expires !== null) {
    const expiresMs = Date.parse(key.expires);
    // Neither before nor after: what is no date never holds.
    if (!(nowMs < expiresMs)) return Number.isNaN(expiresMs) ? `${name} expires at what is no time` : `${name} expired at ${key.expires}`;
  }
  return parsePublicKey(key.key) ?? `${name} is not a P-256 public key in base64`;
}

function parsePublicKey(text: string): KeyObject | undefined {
  const der = parseBase64(text);
  if (der === undefined) return undefined;
  try {
    const key = createPublicKey({ key: der, format: "der", type: "spki" });
    return key.asymmetricKeyType === "ec" && key.asymmetricKeyDetails?.namedCurve === "prime256v1" ? key : undefined;
  } catch {
    return undefined;
  }
}
