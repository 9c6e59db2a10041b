import { createHash, createPublicKey, type KeyObject, verify } from "node:crypto";
import { InstarError, type Origin } from "@instar/protocol";
import { unproven } from "../origin.ts";
import type { EndpointRelease } from "./parse-endpoint-answer.ts";

/** What whoever publishes signs: version and content together, so that neither can be said of the other. Pure. */
export const endpointStatement = ({ version, sha256 }: Pick<EndpointRelease, "version" | "sha256">): string => `${version} sha256:${sha256}\n`;

/**
 * Whether the pinned key vouches for what an endpoint offers. Pure.
 * @param pem an Ed25519 public key @throws InstarError SETTINGS_INVALID where it is none
 */
export function verifyEndpointSignature(found: EndpointRelease, pem: string | null): Origin {
  if (pem === null) return unproven("source.endpoint.publicKey names no key that could vouch for it");
  const key = readKey(pem);
  if (found.signature === null) return unproven("the endpoint's answer carries no signature");
  const id = `SHA256:${createHash("sha256")
    .update(key.export({ type: "spki", format: "der" }))
    .digest("base64")
    .replace(/=+$/, "")}`;
  if (!verify(null, Buffer.from(endpointStatement(found)), key, Buffer.from(found.signature, "base64")))
    return unproven(`the endpoint's signature is not one of version and digest by the key ${id}`);
  return { kind: "pinned-key", by: id, because: `version and digest are signed by the pinned key ${id}` };
}

function readKey(pem: string): KeyObject {
  try {
    const key = createPublicKey(pem);
    if (key.asymmetricKeyType === "ed25519" && !/PRIVATE KEY/.test(pem)) return key;
  } catch {
    // Said below, without a byte of the file.
  }
  throw new InstarError("SETTINGS_INVALID", "the file of source.endpoint.publicKey holds no Ed25519 public key in PEM", {
    advice: "`openssl pkey -in key.pem -pubout` gives it.",
  });
}
