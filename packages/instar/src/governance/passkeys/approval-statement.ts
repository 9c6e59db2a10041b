import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import { z } from "zod";

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);

/** What a passkey signs: everything that an approval is of. Every field is short and none is free text, so that the ledger keeps it letter by letter. */
const approvalStatement = z.strictObject({
  format: z.literal("instar-approval/1"),
  answer: z.literal("approve"),
  instance: z.string().describe("Its name"),
  ledger: z.string().nullable().describe("The key that signs its ledger: another instance of this name has another; null where it has none yet"),
  update: z.string(),
  release: digest,
  rules: digest.describe("Of the policies and settings under which it is approved"),
  by: z.string(),
  because: digest.describe("Of what was said beside it"),
  origin: z.string().describe("Where the console is open that asks"),
  nonce: z.string().regex(/^[A-Za-z0-9_-]{22}$/),
  until: z.string().describe("When it is too late to sign it"),
});
export type ApprovalStatement = z.output<typeof approvalStatement>;

/** The one text of a statement (RFC 8785). */
export const renderStatement = (statement: ApprovalStatement): string => canonicalize(statement) ?? "";

/** Undefined where it is no statement, or not written as one is. */
export function parseStatement(text: string): ApprovalStatement | undefined {
  try {
    const parsed = approvalStatement.safeParse(JSON.parse(text)).data;
    return parsed !== undefined && renderStatement(parsed) === text ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** What the browser is given to have signed: SHA-256 of the text, base64url. */
export const challengeOf = (text: string): string => createHash("sha256").update(text).digest("base64url");

export const digestOfWords = (words: string): string => `sha256:${createHash("sha256").update(words).digest("hex")}`;

/** The name that a passkey is bound to (WebAuthn's rpId): the origin's host itself, never a domain above it. Undefined where a browser would let none be used. */
export function hostOf(origin: string): string | undefined {
  if (!URL.canParse(origin)) return undefined;
  const { protocol, hostname, origin: own } = new URL(origin);
  if (own !== origin) return undefined;
  return protocol === "https:" || (protocol === "http:" && hostname === "localhost") ? hostname : undefined;
}
