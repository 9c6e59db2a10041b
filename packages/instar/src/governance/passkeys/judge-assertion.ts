import { createHash, verify } from "node:crypto";
import { z } from "zod";
import { type ApprovalStatement, challengeOf, hostOf, parseStatement } from "./approval-statement.ts";
import { openPublicKey } from "./public-key.ts";

/**
 * A passkey's word as an approval carries it, with all that it takes to check it: whoever has the entry needs no database, and only the key's owner from
 * elsewhere. Binary parts are in hex and the browser's JSON is in plain text: base64url of either may look like a token, which the ledger would leave out.
 */
export const signedWord = z.strictObject({
  /** What was signed: see ApprovalStatement. */
  text: z.string().max(1_000),
  id: z.string(),
  host: z.string(),
  /** SubjectPublicKeyInfo, base64. */
  key: z.string(),
  /** The browser's clientDataJSON, letter by letter. */
  clientData: z.string().max(1_000),
  authenticatorData: z
    .string()
    .max(1_000)
    .regex(/^([0-9a-f]{2})*$/),
  signature: z
    .string()
    .max(1_000)
    .regex(/^([0-9a-f]{2})*$/),
});
export type SignedWord = z.output<typeof signedWord>;

const clientData = z.looseObject({
  type: z.string(),
  challenge: z.string(),
  origin: z.string(),
  crossOrigin: z.boolean().optional(),
  topOrigin: z.unknown().optional(),
});

export type JudgedWord =
  | { readonly kind: "holds"; readonly statement: ApprovalStatement; readonly counter: number }
  | { readonly kind: "void"; readonly because: string };

/** WebAuthn §6.1: 32 bytes of the host's digest, the flags, the counter. */
const HEAD_BYTES = 37;
const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;

/**
 * Whether a passkey really signed what it is said to have signed (WebAuthn Level 3, §7.2, the steps that need no memory). Pure and synchronous: the same answer when
 * it is given, when approvals are counted, when a decision is computed again, and for whoever has nothing but the ledger. Whose key it is, is asked elsewhere.
 */
export function judgeAssertion(word: SignedWord): JudgedWord {
  const refuse = (because: string): JudgedWord => ({ kind: "void", because });
  const statement = parseStatement(word.text);
  if (statement === undefined) return refuse("what was signed is no statement of an approval");
  const client = parseClientData(word.clientData);
  if (client === undefined) return refuse("what the browser said of it cannot be read");
  if (client.type !== "webauthn.get") return refuse("it was signed for something other than an approval");
  if (client.challenge !== challengeOf(word.text)) return refuse("another text was signed");
  if (client.origin !== statement.origin) return refuse(`it was signed at ${client.origin} and not at ${statement.origin}`);
  if (client.crossOrigin === true || client.topOrigin !== undefined) return refuse("it was signed within a page of somebody else");
  if (hostOf(statement.origin) !== word.host) return refuse(`the passkey is one for ${word.host}, and was used at ${statement.origin}`);

  const data = Buffer.from(word.authenticatorData, "hex");
  if (data.length < HEAD_BYTES) return refuse("what the authenticator said is too short");
  if (!data.subarray(0, 32).equals(sha256(word.host))) return refuse(`the authenticator signed for another host than ${word.host}`);
  const flags = data[32] ?? 0;
  if ((flags & USER_PRESENT) === 0) return refuse("nobody was there when it was signed");
  if ((flags & USER_VERIFIED) === 0) return refuse("the authenticator did not ask who was there (a PIN, a finger, a face)");

  const opened = openPublicKey(word.key);
  if (opened === undefined) return refuse("its key is none that can be checked");
  const signed = Buffer.concat([data, sha256(word.clientData)]);
  const isSigned = verify(opened.algorithm === "EdDSA" ? null : "sha256", signed, opened.key, Buffer.from(word.signature, "hex"));
  return isSigned ? { kind: "holds", statement, counter: data.readUInt32BE(33) } : refuse("the signature is not of that key");
}

function parseClientData(text: string): z.output<typeof clientData> | undefined {
  try {
    return clientData.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

const sha256 = (text: string) => createHash("sha256").update(text).digest();
