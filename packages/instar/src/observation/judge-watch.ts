import type { Verdict } from "@instar/protocol";
import { logEvidenceAgainstShare, upperShareBound } from "../statistics/error-share-evidence.ts";

export interface WatchEvidence {
  /** Time that a daemon was there to watch, in instance time. */
  readonly countedMs: number;
  /** What the front counted for the new release since it was put in place. */
  readonly requests: number;
  readonly failed: number;
  /** What it had counted for the old release before: a new version is not blamed for what the old one did as well. */
  readonly before: { readonly requests: number; readonly failed: number };
  /** How often the agent ended by itself since the exchange. */
  readonly restarts: number;
  /** Health checks in a row that failed, up to now. */
  readonly unhealthyInRow: number;
  readonly lastHealth: { readonly verdict: Verdict; readonly because: string };
}

export interface WatchLimits {
  readonly timeMs: number;
  readonly requests: number;
  readonly errorShare: number;
}

export interface WatchVerdict {
  readonly verdict: Verdict;
  readonly because: string;
  /** The natural logarithm of the evidence against the allowed share, and what it must reach to act. */
  readonly logEvidence: number;
  readonly actsAt: number;
  /** The largest share that the counts do not refute, and the share that is allowed. */
  readonly upperBound: number;
  readonly allowedShare: number;
}

/** A false alarm at most once in this many windows of a version that is just at the allowed share, however often it is looked at. */
const FALSE_ALARM_ODDS = 100;
/** The specification's numbers (`self-updating-loop` §6.3): three health checks in a row. */
const UNHEALTHY_LIMIT = 3;
/** One crash may be bad luck; this many since the exchange are a crash loop. */
const RESTART_LIMIT = 3;
const BOUND_ALPHA = 0.05;

/**
 * Judges a new version by what was counted. Pure, so every verdict can be computed again from the journal. Time alone never
 * makes a `pass`: enough time *and* enough requests *and* a share of failures that is beyond doubt within the allowed one.
 */
export function judgeWatch(evidence: WatchEvidence, limits: WatchLimits): WatchVerdict {
  const { requests, failed, before } = evidence;
  const allowedShare = planAllowedShare(before, limits.errorShare);
  const logEvidence = logEvidenceAgainstShare(failed, requests, allowedShare);
  const actsAt = Math.log(FALSE_ALARM_ODDS);
  const upperBound = upperShareBound(failed, requests, BOUND_ALPHA);
  const say = (verdict: Verdict, because: string): WatchVerdict => ({ verdict, because, logEvidence, actsAt, upperBound, allowedShare });
  const counted = `${failed} of ${requests} requests failed`;

  if (logEvidence >= actsAt) return say("fail", `${counted}: beyond doubt more than the allowed ${percent(allowedShare)}`);
  if (evidence.restarts >= RESTART_LIMIT) return say("fail", `it ended by itself ${evidence.restarts} times`);
  if (evidence.unhealthyInRow >= UNHEALTHY_LIMIT) return say("fail", `unhealthy ${evidence.unhealthyInRow} times in a row: ${evidence.lastHealth.because}`);

  const missingMs = limits.timeMs - evidence.countedMs;
  if (missingMs > 0) return say("insufficient", `${counted}; ${Math.ceil(missingMs / 1_000)} s of the window are left`);
  if (requests < limits.requests)
    return say(
      requests === 0 ? "nodata" : "insufficient",
      `${counted}; the window is over, but ${limits.requests - requests} more requests are needed to judge`,
    );
  if (evidence.lastHealth.verdict !== "pass") return say("inconclusive", `the last health check did not pass: ${evidence.lastHealth.because}`);
  if ((limits.requests > 0 && upperBound > allowedShare) || failed > allowedShare * requests)
    return say("inconclusive", `${counted}: too few to rule out more than ${percent(allowedShare)}`);
  return say("pass", requests === 0 ? "it stayed healthy" : `${counted}, and it stayed healthy`);
}

/**
 * More is allowed than the operator said only where the old version is *known* to have failed more: the bound of an old version that was asked
 * three times is near one, and would let anything pass.
 */
function planAllowedShare({ requests, failed }: WatchEvidence["before"], errorShare: number): number {
  const atLeast = requests === 0 ? 0 : 1 - upperShareBound(requests - failed, requests, BOUND_ALPHA);
  return atLeast > errorShare ? Math.min(0.99, upperShareBound(failed, requests, BOUND_ALPHA)) : errorShare;
}

const percent = (share: number) => `${Math.round(share * 1_000) / 10} %`;
