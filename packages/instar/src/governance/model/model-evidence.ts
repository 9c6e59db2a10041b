import type { ImpactReport, StageResult, Verdict } from "@instar/protocol";
import type { Outcome } from "./combine-outcomes.ts";

interface Judged {
  readonly verdict: Verdict;
  readonly because: string;
}

/** What a model is told of an update. Much of it was written by whoever made the change. */
export interface ModelEvidence {
  readonly versions: { readonly from: string | null; readonly to: string };
  readonly impact: Pick<
    ImpactReport,
    "updateType" | "bump" | "impactLevel" | "impactBecause" | "risk" | "score" | "factors" | "touches" | "dependencies" | "checks" | "files"
  >;
  readonly tests: Judged;
  readonly stages: readonly Pick<StageResult, "stage" | "verdict" | "gate" | "because">[];
  /** null where the update was not rehearsed. */
  readonly rehearsal: Judged | null;
  /** Their first lines, the newest first. */
  readonly commits: { readonly total: number; readonly first: readonly string[] };
  /** A unified diff or its beginning, some hundred kB at most; null where there is none. */
  readonly diff: string | null;
  /** What earlier failures of updates taught, a sentence each. */
  readonly lessons: readonly string[];
  readonly policy: { readonly outcome: Outcome; readonly because: string };
}
