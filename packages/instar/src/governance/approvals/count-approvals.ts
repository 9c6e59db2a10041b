import { whyNotSigned } from "../passkeys/judge-approval-word.ts";
import type { Passkey } from "../passkeys/passkey.ts";
import type { Approval } from "./approval.ts";

export interface ApprovalQuestion {
  readonly approvals: readonly Approval[];
  readonly quorum: number;
  /** Of the release that is to be exchanged. */
  readonly digest: string;
  /** Of the policies and settings that hold now. */
  readonly policy: string;
  /** Ids of tokens that were taken away since. */
  readonly revoked: readonly string[];
  readonly nowTickMs: number;
  readonly nowWallMs: number;
  /** Only what a passkey signed counts: of which update, and which passkeys are pinned and were not revoked. Null where a token is enough. */
  readonly signed: { readonly update: string; readonly passkeys: readonly Passkey[] } | null;
}

export interface ApprovalCount {
  readonly isEnough: boolean;
  readonly counted: readonly Approval[];
  /** Those that do not count, each with why. */
  readonly void: readonly { readonly approval: Approval; readonly because: string }[];
  readonly because: string;
}

/** Which approvals count: of this release, under these policies, with a token that was not taken away, not yet over, signed where that is wanted, and one for each person. Pure. */
export function countApprovals(question: ApprovalQuestion): ApprovalCount {
  const counted: Approval[] = [];
  const voided: { approval: Approval; because: string }[] = [];
  // The newest word of a person is the one that counts.
  for (const approval of question.approvals.toReversed()) {
    const because = whyVoid(approval, question) ?? (counted.some(({ by }) => by === approval.by) ? "the same person has approved since" : undefined);
    if (because === undefined) counted.unshift(approval);
    else voided.unshift({ approval, because });
  }
  const isEnough = counted.length >= question.quorum;
  return { isEnough, counted, void: voided, because: sayCount(counted, voided, question) };
}

function whyVoid(approval: Approval, { digest, policy, revoked, nowTickMs, nowWallMs, signed }: ApprovalQuestion): string | undefined {
  if (approval.digest !== digest) return "it was given for another candidate";
  if (approval.policy !== policy) return "the policies have changed since";
  if (approval.token !== null && revoked.includes(approval.token)) return "the token that it was given with was taken away since";
  // A clock that jumps can end an approval early, and never make it last.
  // So does a time that is none.
  if (!(nowTickMs < approval.untilTickMs && nowWallMs < Date.parse(approval.untilAt))) return `it was good until ${approval.untilAt}`;
  return signed === null ? undefined : whyNotSigned(approval, signed);
}

function sayCount(counted: readonly Approval[], voided: readonly { approval: Approval; because: string }[], { quorum, signed }: ApprovalQuestion): string {
  const given = counted.map(({ by, because }) => `${by} approved it${because === "" ? "" : ` (${because})`}`);
  const gone = voided.map(({ approval, because }) => `${approval.by}'s approval does not count: ${because}`);
  const left = quorum - counted.length;
  const asked =
    left > 0
      ? [`${counted.length === 0 ? "" : "another "}${left} ${left === 1 ? "person" : "people"} must approve it${signed === null ? "" : " with a passkey"}`]
      : [];
  return [...given, ...gone, ...asked].join("; ");
}
