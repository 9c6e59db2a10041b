import type { SourceFolder } from "./make-tree.ts";

export interface AnalysisPlan {
  readonly from: readonly SourceFolder[];
  /** Files of the tree that the bars are about; all that `sources` has where it is infinite. */
  readonly files: number;
  readonly rounds: number;
  /** Files of smaller and larger trees, each measured once. */
  readonly growth: readonly number[];
  /** Files that a second version changes. */
  readonly changed: number;
}

/** @param quick the same rows in under a minute, each from far less and from fewer files */
export const planAnalysis = (quick: boolean): AnalysisPlan =>
  quick
    ? { from: ["sources"], files: 800, rounds: 1, growth: [200, 400, 1_600], changed: 20 }
    : { from: ["sources", "more-sources"], files: Number.POSITIVE_INFINITY, rounds: 3, growth: [1_000, 3_000, 30_000], changed: 20 };
