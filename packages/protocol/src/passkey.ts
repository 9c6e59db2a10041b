import { z } from "zod";

/** Whether it is pinned and counts. `revoked`: it does not, though its line stands in the file; `doubled`: another line has the same id, so neither does. */
export const PASSKEY_STATES = ["living", "revoked", "doubled"] as const;

export const passkeyView = z.object({
  id: z.string().describe("The credential's id, base64url"),
  person: z.string().describe("Whose word it signs: the name of a token"),
  host: z.string().describe("The name by which the console is opened where it was made"),
  label: z.string(),
  algorithm: z.enum(["ES256", "EdDSA", "RS256"]),
  fingerprint: z.string().describe("Of the whole: to be compared with what the browser showed"),
  state: z.enum(PASSKEY_STATES),
  because: z.string().describe("Why it does not count; empty where it does"),
  lastUsedAt: z.string().nullable(),
});
export type PasskeyView = z.output<typeof passkeyView>;

const base64url = z.string().regex(/^[A-Za-z0-9_-]+$/, "must be base64url");

/** What a browser answers to `navigator.credentials.create()`, as JSON. Other members are passed over. */
export const registrationResponse = z.object({
  id: base64url.max(512),
  rawId: base64url.max(512),
  type: z.literal("public-key"),
  response: z.object({ clientDataJSON: base64url.max(8_192), attestationObject: base64url.max(65_536) }),
});
export type RegistrationResponse = z.output<typeof registrationResponse>;

/** What a browser answers to `navigator.credentials.get()`, as JSON. Its bounds are those of what an entry of the ledger can hold whole. */
export const assertionResponse = z.object({
  id: base64url.max(512),
  rawId: base64url.max(512),
  type: z.literal("public-key"),
  response: z.object({ clientDataJSON: base64url.max(1_333), authenticatorData: base64url.max(666), signature: base64url.max(666) }),
});
export type AssertionResponse = z.output<typeof assertionResponse>;

/** What a browser takes to make a passkey (WebAuthn's PublicKeyCredentialCreationOptionsJSON). */
export const creationOptions = z.object({
  challenge: z.string(),
  rp: z.object({ name: z.string(), id: z.string() }),
  user: z.object({ id: z.string(), name: z.string(), displayName: z.string() }),
  pubKeyCredParams: z.array(z.object({ type: z.literal("public-key"), alg: z.int() })),
  timeout: z.int(),
  attestation: z.literal("none"),
  excludeCredentials: z.array(z.object({ id: z.string(), type: z.literal("public-key") })),
  authenticatorSelection: z.object({ residentKey: z.literal("preferred"), requireResidentKey: z.literal(false), userVerification: z.literal("required") }),
});
export type CreationOptions = z.output<typeof creationOptions>;

/** What a browser takes to let a passkey sign (WebAuthn's PublicKeyCredentialRequestOptionsJSON). */
export const requestOptions = z.object({
  challenge: z.string(),
  rpId: z.string(),
  timeout: z.int(),
  userVerification: z.literal("required"),
  allowCredentials: z.array(z.object({ id: z.string(), type: z.literal("public-key") })),
});
export type RequestOptions = z.output<typeof requestOptions>;
