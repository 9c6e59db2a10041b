import type { ErrorCode, Verdict } from "@instar/protocol";

export interface GateQuestion {
  readonly tests: { readonly verdict: Verdict; readonly because: string };
  readonly isIntact: boolean;
  readonly isFirst: boolean;
  /** A person said by hand that it may go on without tests. */
  readonly isUntestedAllowed: boolean;
  readonly stateBytes: number;
  readonly freeBytes: number;
}

export type GatesJudged =
  | { readonly kind: "passed"; readonly because: string }
  | { readonly kind: "refused"; readonly code: ErrorCode; readonly because: string };

/** Room for the snapshot, what it differs by at the end, and the agent's own writing meanwhile. */
const SPACE_MARGIN_BYTES = 16 * 1_048_576;

/** Whether what must hold before any policy is asked does. Every mandatory gate must have been measured and have passed; there is no other way on. */
export function judgeGates(question: GateQuestion): GatesJudged {
  const { tests } = question;
  if (!question.isIntact) return { kind: "refused", code: "RELEASE_DAMAGED", because: "the release on disk is not what was built" };
  const neededBytes = question.stateBytes * 2 + SPACE_MARGIN_BYTES;
  if (question.freeBytes < neededBytes)
    return {
      kind: "refused",
      code: "DISK_FULL",
      because: `the way back needs ${mebibytes(neededBytes)} MiB on disk and ${mebibytes(question.freeBytes)} are free`,
    };
  if (tests.verdict === "pass") return { kind: "passed", because: tests.because };
  if (question.isFirst) return { kind: "passed", because: `the operator started it for the first time; tests: ${tests.because}` };
  if (question.isUntestedAllowed) return { kind: "passed", because: `the operator let it go on without tests: ${tests.because}` };
  return {
    kind: "refused",
    code: "VALIDATION_FAILED",
    because: `${tests.because}; what was never measured is no pass. \`instar update apply --untested\` goes on all the same`,
  };
}

const mebibytes = (bytes: number) => Math.ceil(bytes / 1_048_576);
