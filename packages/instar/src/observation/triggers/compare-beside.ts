import type { ObservationState } from "../observation-state.ts";
import { type RecentSum, sumRecent } from "./sum-recent.ts";

/** The specification's two minutes (`self-updating-loop` §6.3), and further back where they hold fewer than five requests: one or two tell nothing. */
const SPAN_MS = 120_000;
export const FEWEST = 5;
/** Fewer percentage points more than beside it are nothing to go back for, however sure. */
const LEAST_EXCESS = 0.01;

export interface BesideComparison {
  readonly recent: RecentSum;
  /** It fails more often than the version beside it by an amount that matters, now or over all. */
  readonly isApart: boolean;
  /** The version beside it does the same at the same time: that is no fault of this one. */
  readonly isShared: boolean;
}

export function compareBeside({ errors, lastTickMs }: ObservationState): BesideComparison {
  const recent = sumRecent(errors.recent, lastTickMs ?? 0, SPAN_MS, FEWEST);
  const isApartNow = isMore(recent, { requests: recent.besideRequests, failed: recent.besideFailed });
  const isApart = isApartNow || (errors.total !== null && errors.beside !== null && isMore(errors.total, errors.beside));
  return { recent, isApart, isShared: recent.besideRequests >= FEWEST && !isApartNow };
}

interface Share {
  readonly requests: number;
  readonly failed: number;
}
const isMore = (own: Share, beside: Share) =>
  own.requests > 0 && beside.requests > 0 && own.failed / own.requests >= beside.failed / beside.requests + LEAST_EXCESS;
