import type { Verdict } from "@instar/protocol";
import { upperShareBound } from "../statistics/error-share-evidence.ts";
import { BUCKET_MS } from "./metrics-bucket.ts";
import type { ObservationPlan } from "./observation-plan.ts";
import type { ObservationState } from "./observation-state.ts";
import { applyGates } from "./triggers/apply-gates.ts";
import { planErrorLimits } from "./triggers/error-limits.ts";
import { judgeAlarms } from "./triggers/judge-alarms.ts";
import { judgeErrorRate } from "./triggers/judge-error-rate.ts";
import { judgeFiles, judgeThings } from "./triggers/judge-integrity.ts";
import { judgeLatency } from "./triggers/judge-latency.ts";
import { judgeCrashLoop, judgeHealthChecks, judgeHeartbeat, judgeServing } from "./triggers/judge-liveness.ts";
import { judgeSources } from "./triggers/judge-sources.ts";
import { percent, renderSpan } from "./triggers/render-numbers.ts";
import type { TriggerFinding } from "./triggers/trigger-finding.ts";

/** watch: nothing to do yet. blind: hold, and tell somebody that nothing can be judged. pause: hold for a person. */
export type ObservationAction = "watch" | "keep" | "roll-back" | "pause" | "blind";

export interface ObservationVerdict {
  readonly verdict: Verdict;
  readonly action: ObservationAction;
  readonly because: string;
  /** What each trigger came to; first those that the verdict rests on. */
  readonly findings: readonly TriggerFinding[];
  readonly nextLookMs: number;
  readonly window: ObservationWindow;
}

export interface ObservationWindow {
  readonly countedMs: number;
  readonly neededMs: number;
  /** Where evidence is missing it ends here at the latest. */
  readonly endsMs: number;
  readonly requests: number;
  readonly neededRequests: number;
  /** Its time is over, and something is still not known. */
  readonly isExtended: boolean;
  /** It ended without enough evidence: what is kept then was never verified. */
  readonly isUnverified: boolean;
}

/** What a person said. */
export interface ObservationWord {
  /** Instance time at which somebody last confirmed the version; alarms that were raised before are known. */
  readonly confirmedAtTickMs: number | null;
  /** manual_trigger: who wants the old version back, and why. */
  readonly manual?: { readonly by: string; readonly because: string };
}

const BOUND_ALPHA = 0.05;
/** Counts that are older say nothing of how the version is now. */
const UNCOUNTED_MS = 60_000;

/**
 * The verdict on a version under watch. Pure: from what was recorded it can be computed again, by anybody, at any later time. In this order:
 * what rolls back; what cannot be judged; what holds for a person; then what a pass still lacks. Time alone never makes a pass: at the end of the longest
 * watch a version that is not known well enough is `unverified`, which has an end of its own.
 */
export function judgeObservation(state: ObservationState, plan: ObservationPlan, nowTickMs: number, word: ObservationWord): ObservationVerdict {
  const { limits } = plan;
  const sources = judgeSources(state, plan, nowTickMs);
  const heartbeat = judgeHeartbeat(state, plan);
  const health = judgeHealthChecks(state, plan);
  const serving = judgeServing(state);
  const all = [
    ...(word.manual === undefined ? [] : [judgeManual(word.manual)]),
    serving,
    judgeCrashLoop(state, plan),
    health,
    judgeErrorRate(state, plan),
    judgeLatency(state, plan),
    ...(heartbeat === undefined ? [] : [heartbeat]),
    judgeThings(state),
    judgeFiles(state),
    sources,
    ...judgeAlarms(state, plan, word.confirmedAtTickMs),
  ];
  const findings = applyGates(all, limits.gates);
  const window = planWindowState(state, plan);
  const say = (verdict: Verdict, action: ObservationAction, because: string, first: readonly TriggerFinding[] = []): ObservationVerdict => ({
    verdict,
    action,
    because,
    findings: [...first, ...findings.filter((finding) => !first.includes(finding))],
    nextLookMs: Math.min(BUCKET_MS, Math.max(1, window.neededMs - window.countedMs > 0 ? window.neededMs - window.countedMs : BUCKET_MS)),
    window,
  });

  const failed = findings.filter(({ verdict, gate }) => verdict === "fail" && gate === "rollback");
  if (failed[0] !== undefined) return say("fail", "roll-back", failed.map(({ because }) => because).join("; "), failed);

  if (sources.verdict === "fail") {
    const isGrave = limits.risk === "high" || limits.risk === "critical";
    const because = `it cannot be judged: ${sources.because}`;
    return isGrave
      ? say("error", "roll-back", `${because}; at ${limits.risk} risk the old version comes back`, [sources])
      : say("error", "blind", because, [sources]);
  }

  const alarms = findings.filter(({ verdict, gate }) => verdict === "fail" && gate === "pause");
  if (alarms.length > 0) return say("inconclusive", "pause", alarms.map(({ because }) => because).join("; "), alarms);

  const lacking = findLacking(state, plan, window, [sources, health, serving]);
  if (lacking === undefined)
    return say("pass", "keep", window.neededRequests === 0 && window.requests === 0 ? "it stayed healthy" : `${countedOf(state)}, and it stayed healthy`);
  if (!window.isUnverified) return say(lacking.verdict, "watch", lacking.because);
  const unverified = `unverified after ${renderSpan(window.countedMs)}: ${lacking.because}`;
  switch (limits.onUnverified) {
    case "keep":
      return say(lacking.verdict, "keep", unverified);
    case "roll-back":
      return say(lacking.verdict, "roll-back", unverified);
    case "hold":
      return say(lacking.verdict, "pause", unverified);
  }
}

/** The first thing that a pass lacks. */
function findLacking(
  state: ObservationState,
  plan: ObservationPlan,
  window: ObservationWindow,
  mustPass: readonly TriggerFinding[],
): { readonly verdict: Verdict; readonly because: string } | undefined {
  const counted = countedOf(state);
  const missingMs = window.neededMs - window.countedMs;
  if (missingMs > 0) return { verdict: "insufficient", because: `${counted}; ${renderSpan(missingMs)} of the window are left` };
  const missing = window.neededRequests - window.requests;
  if (missing > 0)
    return {
      verdict: window.requests === 0 ? "nodata" : "insufficient",
      because: `${counted}; the window is over, but ${missing} more requests are needed to judge`,
    };
  const uncountedMs = (state.lastTickMs ?? 0) - (state.errors.lastTickMs ?? 0);
  if (window.neededRequests > 0 && uncountedMs > UNCOUNTED_MS)
    return { verdict: "nodata", because: `its requests were not counted for ${renderSpan(uncountedMs)}` };
  const open = mustPass.find(({ verdict }) => verdict !== "pass");
  if (open !== undefined) return { verdict: open.verdict, because: open.because };
  const { allowed } = planErrorLimits(plan.baseline, plan.limits, null);
  const { requests, failed } = state.errors.total ?? { requests: 0, failed: 0 };
  if ((window.neededRequests > 0 && upperShareBound(failed, requests, BOUND_ALPHA) > allowed) || failed > allowed * requests)
    return { verdict: "inconclusive", because: `${counted}: too few to rule out more than ${percent(allowed)}` };
  return undefined;
}

function planWindowState(state: ObservationState, { limits }: ObservationPlan): ObservationWindow {
  return {
    countedMs: state.countedMs,
    neededMs: limits.windowMs,
    endsMs: limits.maxMs,
    requests: state.errors.total?.requests ?? 0,
    neededRequests: limits.requests,
    isExtended: state.countedMs >= limits.windowMs,
    isUnverified: state.countedMs >= limits.maxMs,
  };
}

function judgeManual({ by, because }: NonNullable<ObservationWord["manual"]>): TriggerFinding {
  return {
    trigger: "manual_trigger",
    gate: "rollback",
    verdict: "fail",
    because: `${by} wants the old version back: ${because}`,
    statistic: null,
    bound: null,
    threshold: 1,
    samples: 1,
    nextLookMs: BUCKET_MS,
    raisedAtTickMs: null,
  };
}

function countedOf({ errors }: ObservationState): string {
  return `${errors.total?.failed ?? 0} of ${errors.total?.requests ?? 0} requests failed`;
}
