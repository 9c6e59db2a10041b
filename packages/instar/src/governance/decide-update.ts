import type { ErrorCode, Verdict } from "@instar/protocol";

export interface DecisionQuestion {
  readonly tests: { readonly verdict: Verdict; readonly because: string };
  readonly isIntact: boolean;
  /** Why a person should look at it first, by its impact; null where none needs to. */
  readonly reviewBecause: string | null;
  /** Whether instar.yaml wants that person, or only wants it said. */
  readonly isReviewRequired: boolean;
  readonly trigger: "found" | "by-hand" | "first" | "rollback" | "restore" | "watch-again";
  /** The operator said by hand that it may go on without tests. */
  readonly isUntestedAllowed: boolean;
  readonly stateBytes: number;
  readonly freeBytes: number;
}

export type Decision =
  | { readonly kind: "proceed"; readonly because: string }
  | { readonly kind: "refused"; readonly code: ErrorCode; readonly because: string };

/** Room for the snapshot, what it differs by at the end, and the agent's own writing meanwhile. */
const SPACE_MARGIN_BYTES = 16 * 1_048_576;

/** Whether a candidate may be exchanged. Every mandatory gate must have been measured and have passed; there is no other way to a yes. */
export function decideUpdate(question: DecisionQuestion): Decision {
  const { tests, trigger } = question;
  if (!question.isIntact) return { kind: "refused", code: "RELEASE_DAMAGED", because: "the release on disk is not what was built" };
  const neededBytes = question.stateBytes * 2 + SPACE_MARGIN_BYTES;
  if (question.freeBytes < neededBytes)
    return {
      kind: "refused",
      code: "DISK_FULL",
      because: `the way back needs ${mebibytes(neededBytes)} MiB on disk and ${mebibytes(question.freeBytes)} are free`,
    };
  // What a person started, a person has looked at.
  if (question.isReviewRequired && question.reviewBecause !== null && trigger === "found")
    return {
      kind: "refused",
      code: "REVIEW_NEEDED",
      because: `${question.reviewBecause}. \`instar impact\` says what it touches; \`instar update apply\` lets it go on`,
    };
  if (tests.verdict === "pass") return { kind: "proceed", because: `every gate passed: ${tests.because}` };
  if (trigger === "first") return { kind: "proceed", because: `the operator started it for the first time; tests: ${tests.because}` };
  if (question.isUntestedAllowed) return { kind: "proceed", because: `the operator let it go on without tests: ${tests.because}` };
  return {
    kind: "refused",
    code: "VALIDATION_FAILED",
    because: `${tests.because}; what was never measured is no pass. \`instar update apply --untested\` goes on all the same`,
  };
}

const mebibytes = (bytes: number) => Math.ceil(bytes / 1_048_576);
