import type { Approval } from "../governance/approvals/approval.ts";
import type { JournalEntry } from "./journal-entry.ts";

export interface Answers {
  /** Oldest first; which of them count is decided at each look. */
  readonly approvals: readonly Approval[];
  readonly rejected: { readonly by: string; readonly because: string } | null;
}

/** Ids of the tokens that approvals were given with. */
export const tokensOf = (approvals: readonly Approval[]): string[] => [...new Set(approvals.flatMap(({ token }) => token ?? []))];

export function foldAnswers(journal: readonly JournalEntry[]): Answers {
  const rejected = journal.find((entry) => entry.kind === "rejected");
  return {
    approvals: journal.flatMap((entry) => (entry.kind === "approved" ? [entry.approval] : [])),
    rejected: rejected?.kind === "rejected" ? { by: rejected.by, because: rejected.because } : null,
  };
}
