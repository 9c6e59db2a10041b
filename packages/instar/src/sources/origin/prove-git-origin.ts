import type { Origin } from "@instar/protocol";
import { plainText } from "../../platform/plain-text.ts";
import { unproven } from "../origin.ts";
import { nameOfObject, parseSignedObject, type SignedObject } from "./parse-signed-object.ts";
import { verifyOpenPgpSignature } from "./verify-openpgp-signature.ts";
import { type Verified, verifySshSignature } from "./verify-ssh-signature.ts";

/** Whom an operator lets vouch for commits and tags: texts of files that are read anew for each question. */
export interface GitSigners {
  readonly allowedSigners: string | null;
  readonly openPgpKeys: string | null;
}

export interface GitOriginQuestion {
  readonly commit: string;
  /** The ref by which it was found. */
  readonly ref: string;
  readonly commitBytes: Buffer;
  /** The tag that it was found by, where that is one with a message. */
  readonly tagBytes: Buffer | null;
  readonly signers: GitSigners;
  /** Where ssh-keygen is looked for. */
  readonly path: string;
  readonly nowMs: number;
}

/**
 * Who vouches for a commit: who signed the tag by which it was found, else who signed the commit itself. Its history stands under both by its name.
 * @throws InstarError PLATFORM_FAILED, SETTINGS_INVALID, TIMED_OUT: what could not be checked is not taken for unsigned
 */
export async function proveGitOrigin(question: GitOriginQuestion, signal: AbortSignal): Promise<Origin> {
  const { commit, ref, commitBytes, tagBytes } = question;
  const byTag = tagBytes === null ? null : await proveTag(question, tagBytes, signal);
  if (byTag !== null && byTag.kind !== "none") return byTag;
  const byCommit =
    nameOfObject("commit", commitBytes) === commit
      ? await proveObject({ what: `commit ${commit.slice(0, 10)}`, kind: "commit", bytes: commitBytes }, question, signal)
      : unproven(`the commit ${commit.slice(0, 10)} is not what its name says`);
  if (byCommit.kind !== "none" || byTag === null) return byCommit;
  return unproven(`${byTag.because}, and ${byCommit.because} (${ref})`);
}

/** A tag counts for the ref that it names and the commit that it names: another tag's signature says nothing of this one. */
async function proveTag(question: GitOriginQuestion, bytes: Buffer, signal: AbortSignal): Promise<Origin> {
  const name = question.ref.replace(/^refs\/tags\//, "");
  const what = `tag ${plainText(name, 100)}`;
  const parsed = parseSignedObject("tag", bytes);
  if (parsed.kind === "refused") return unproven(`the ${what} is not taken for signed: ${parsed.because}`);
  const valuesOf = (header: string) => parsed.object.headers.filter(([each]) => each === header).map(([, value]) => value);
  const says = { object: valuesOf("object"), type: valuesOf("type"), tag: valuesOf("tag") };
  if (says.object.length !== 1 || says.type.length !== 1 || says.tag.length !== 1) return unproven(`the ${what} does not say once what it is of`);
  if (says.object[0] !== question.commit || says.type[0] !== "commit") return unproven(`the ${what} is one of something else than this commit`);
  if (says.tag[0] !== name) return unproven(`the ${what} was signed under another name: ${plainText(says.tag[0] ?? "", 100)}`);
  return proveObject({ what, kind: "tag", bytes }, question, signal);
}

async function proveObject(
  { what, kind, bytes }: { readonly what: string; readonly kind: SignedObject["kind"]; readonly bytes: Buffer },
  question: GitOriginQuestion,
  signal: AbortSignal,
): Promise<Origin> {
  const parsed = parseSignedObject(kind, bytes);
  if (parsed.kind === "refused") return unproven(`the ${what} is not taken for signed: ${parsed.because}`);
  const { signature } = parsed.object;
  if (signature === null) return unproven(`the ${what} is not signed`);
  const verified = await verify(parsed.object, signature, question, signal);
  if (verified.by === null) return unproven(`the ${what}: ${verified.because}`);
  return { kind: signature.format, by: verified.by, because: `the ${what} is signed by ${verified.by}` };
}

async function verify(
  { payload }: SignedObject,
  { format, armoured }: NonNullable<SignedObject["signature"]>,
  { signers, path, nowMs }: GitOriginQuestion,
  signal: AbortSignal,
): Promise<Verified> {
  if (format === "ssh")
    return signers.allowedSigners === null
      ? { by: null, because: "it is signed by SSH, and source.signers.ssh names nobody" }
      : verifySshSignature({ payload, armoured, allowedSigners: signers.allowedSigners, path }, signal);
  return signers.openPgpKeys === null
    ? { by: null, because: "it is signed by OpenPGP, and source.signers.openpgp names nobody" }
    : verifyOpenPgpSignature({ payload, armoured, keys: signers.openPgpKeys, nowMs });
}
