import { createPublicKey } from "node:crypto";
import { InstarError, type RegistrationResponse } from "@instar/protocol";
import { findSecretShapes } from "../../platform/secrets/find-secret-shapes.ts";
import { type Passkey, renderPasskey } from "./passkey.ts";
import { openPublicKey } from "./public-key.ts";

/** COSE's numbers for EdDSA, ES256 and RS256: what security keys, phones and Windows Hello make. */
export const ALGORITHMS = [-8, -7, -257];

export interface Registration {
  readonly person: string;
  readonly label: string;
  readonly host: string;
  readonly origin: string;
  /** As it was asked for, base64url. */
  readonly challenge: string;
  readonly response: RegistrationResponse;
}

/**
 * The passkey that a browser made, from what it answered. Who makes the authenticator is not asked (attestation `none`): what counts is who pins it.
 *
 * @throws InstarError PASSKEY_REFUSED
 */
export async function parseRegistration({ person, label, host, origin, challenge, response }: Registration): Promise<Passkey> {
  const { verifyRegistrationResponse } = await import("@simplewebauthn/server");
  const verified = await verifyRegistrationResponse({
    response: { ...response, clientExtensionResults: {} },
    expectedChallenge: challenge,
    expectedOrigin: origin,
    expectedRPID: host,
    requireUserVerification: true,
    supportedAlgorithmIDs: ALGORITHMS,
  }).catch((cause: unknown) => {
    throw refuse("what the browser made is not what was asked for", cause);
  });
  if (!verified.verified) throw refuse("what the browser made does not hold");
  const { id, publicKey } = verified.registrationInfo.credential;
  const passkey = { person, host, id, key: await readKey(publicKey), label };
  // It would be left out of the ledger, and no approval of it could be checked there.
  if (findSecretShapes(renderPasskey(passkey)).length > 0) throw refuse("its id happens to look like a secret of somebody's");
  return passkey;
}

/** COSE (RFC 9052 §7) as the key that every library and the verifier can open. */
async function readKey(cose: Uint8Array<ArrayBuffer>): Promise<string> {
  const { cose: names, decodeCredentialPublicKey } = await import("@simplewebauthn/server/helpers");
  const key = decodeCredentialPublicKey(cose);
  const text = (label: number) => Buffer.from((key as unknown as Map<number, Uint8Array>).get(label) ?? []).toString("base64url");
  const jwk = names.isCOSEPublicKeyEC2(key)
    ? { kty: "EC", crv: "P-256", x: text(names.COSEKEYS.x), y: text(names.COSEKEYS.y) }
    : names.isCOSEPublicKeyOKP(key)
      ? { kty: "OKP", crv: "Ed25519", x: text(names.COSEKEYS.x) }
      : { kty: "RSA", n: text(names.COSEKEYS.n), e: text(names.COSEKEYS.e) };
  try {
    const spki = createPublicKey({ key: jwk, format: "jwk" }).export({ format: "der", type: "spki" }).toString("base64");
    if (openPublicKey(spki) !== undefined) return spki;
  } catch (cause) {
    throw refuse("its key is none that can be checked", cause);
  }
  throw refuse("its key is none that can be checked");
}

const refuse = (because: string, cause?: unknown) =>
  new InstarError("PASSKEY_REFUSED", because, { ...(cause === undefined ? {} : { cause }), advice: "Make another one in the console." });
