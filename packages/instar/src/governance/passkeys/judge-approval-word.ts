import type { ApprovalStatement } from "./approval-statement.ts";
import { digestOfWords } from "./approval-statement.ts";
import { judgeAssertion, type SignedWord } from "./judge-assertion.ts";
import type { Passkey } from "./passkey.ts";

/** What an approval says of itself, beside what its passkey signed. */
export interface ClaimedApproval {
  readonly by: string;
  readonly digest: string;
  readonly policy: string;
  readonly because: string;
  readonly passkey?: SignedWord | undefined;
}

/** Why a passkey's word does not stand for an approval; undefined where it does: it is of this update, of this release, by a passkey that is pinned for that person. Pure. */
export function whyNotSigned(
  approval: ClaimedApproval,
  { update, passkeys }: { readonly update: string; readonly passkeys: readonly Passkey[] },
): string | undefined {
  const { passkey: word } = approval;
  if (word === undefined) return "no passkey signed it, and one is wanted";
  const judged = judgeAssertion(word);
  if (judged.kind === "void") return judged.because;
  const other = findOther(judged.statement, approval, update);
  if (other !== undefined) return `its passkey signed another ${other}`;
  const pinned = passkeys.filter(({ id }) => id === word.id);
  if (!pinned.some(({ person, host, key }) => person === approval.by && host === word.host && key === word.key))
    return `the passkey that signed it is none of ${approval.by}'s, or no longer`;
  return undefined;
}

function findOther(statement: ApprovalStatement, { by, digest, policy, because }: ClaimedApproval, update: string): string | undefined {
  if (statement.update !== update) return "update";
  if (statement.release !== digest) return "release";
  if (statement.rules !== policy) return "set of policies";
  if (statement.by !== by) return "person's word";
  return statement.because === digestOfWords(because) ? undefined : "comment";
}
