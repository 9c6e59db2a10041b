import { createHash } from "node:crypto";
import { z } from "zod";

/** One passkey as the operator pinned it: whose word it signs, where it is used, and the public half of its key. */
export const passkey = z.strictObject({
  /** The name of a token: who approves. */
  person: z.string(),
  /** The name by which the console is opened (WebAuthn's rpId). */
  host: z.string(),
  /** The credential's id, base64url. */
  id: z.string(),
  /** SubjectPublicKeyInfo, base64 of its DER. */
  key: z.string(),
  /** What people call it. */
  label: z.string(),
});
export type Passkey = z.output<typeof passkey>;

/** A passkey as one line of the file. */
export const renderPasskey = ({ person, host, id, key, label }: Passkey): string => [person, host, id, key, label].join(" ").trim();

/**
 * What people compare before they pin one: 80 bits over all but its label. Whoever wants another passkey pinned in its place has to find one with the same, for
 * which he would have to try about 2^80.
 */
export function fingerprintOf({ person, host, id, key }: Passkey): string {
  const digest = createHash("sha256")
    .update(JSON.stringify([person, host, id, key]))
    .digest("hex");
  return (digest.slice(0, 20).match(/.{4}/g) ?? []).join("-");
}
