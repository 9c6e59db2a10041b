import { meanOfLogs } from "../../statistics/change-point-evidence.ts";
import { normalQuantile } from "../../statistics/normal-quantile.ts";
import { wilsonBounds } from "../../statistics/wilson-bounds.ts";
import { BUCKET_MS } from "../metrics-bucket.ts";
import type { ObservationPlan } from "../observation-plan.ts";
import type { ObservationState } from "../observation-state.ts";
import { ALARM_ALPHA, ROLLBACK_ALPHA } from "./false-alarm-budget.ts";
import { LATENCY_LEVELS, type LatencyLevel, planLatencyLimitMs, UNNOTICED_MS } from "./latency-levels.ts";
import { percent } from "./render-numbers.ts";
import { sumRecent } from "./sum-recent.ts";
import type { TriggerFinding } from "./trigger-finding.ts";

/** The specification's five minutes (`self-updating-loop` §6.3), and an interval of 95 %. */
const SPAN_MS = 300_000;
const Z = normalQuantile(0.975);
/** Beside another version: fewer percentage points more than its own share are nothing to go back for, however sure. */
const LEAST_EXCESS = 0.01;
const LEAST_EVIDENCE = -Math.log(Math.max(ROLLBACK_ALPHA.latency, ALARM_ALPHA.latency));

interface SlowLevel {
  readonly because: string;
  readonly gate: "pause" | "rollback";
  readonly evidence: number;
  readonly actsAt: number;
  readonly lower: number;
  readonly samples: number;
}

/** performance_degradation: requests slower than 1.5 times the old version's, by levels of latency. */
export function judgeLatency(state: ObservationState, plan: ObservationPlan): TriggerFinding {
  const slow = findSlowLevel(state, plan, "rollback");
  const [level] = LATENCY_LEVELS;
  const found = slow ?? (level && measureLevel(state, plan, level, 0).at(-1));
  const base = { trigger: "performance_degradation", gate: "rollback", nextLookMs: BUCKET_MS, raisedAtTickMs: null } as const;
  if (found === undefined || level === undefined)
    return { ...base, verdict: "nodata", because: "how fast the old version answered is not known", statistic: null, bound: null, threshold: 0, samples: 0 };
  const { because, evidence: statistic, lower: bound, actsAt: threshold, samples } = found;
  const open = samples === 0 ? "nodata" : samples < level.floor ? "insufficient" : "pass";
  return { ...base, verdict: slow === undefined ? open : "fail", because, statistic, bound, threshold, samples };
}

/** The first level that fails with that gate; undefined where none does. */
export function findSlowLevel(state: ObservationState, plan: ObservationPlan, gate: "pause" | "rollback"): SlowLevel | undefined {
  for (const [index, level] of LATENCY_LEVELS.entries()) {
    const counts = state.latency[index];
    // Most looks end here: what has no evidence need not be measured.
    if (counts === undefined || Math.max(meanOfLogs(counts.rise), meanOfLogs(counts.apart)) < LEAST_EVIDENCE) continue;
    const found = measureLevel(state, plan, level, index).find(
      (measured) => measured.gate === gate && measured.evidence >= measured.actsAt && measured.samples >= level.floor && measured.lower > level.share,
    );
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Against the version beside, where there is one and it is slower than that at all, and against what was before. */
function measureLevel(state: ObservationState, { baseline, limits }: ObservationPlan, level: LatencyLevel, index: number): SlowLevel[] {
  const counts = state.latency[index];
  const limitMs = planLatencyLimitMs(baseline, limits.slowdown, level, state.lastWallMs);
  if (counts === undefined || limitMs === undefined) return [];
  const recent = sumRecent(state.errors.recent, state.lastTickMs ?? 0, SPAN_MS, 0);
  // What came while it warmed up is in none of its counts.
  const judged = Math.min(recent.requests, counts.requests);
  // Where five minutes hold too few requests for any bound, all that came is judged.
  const isSparse = judged < level.floor;
  const samples = isSparse ? counts.requests : judged;
  const slow = isSparse ? counts.slow : (recent.slow[index] ?? 0);
  const { lower } = wilsonBounds(slow, samples, Z);
  const excess = counts.slow / Math.max(1, counts.requests) - counts.besideSlow / Math.max(1, counts.besideRequests);
  const name = level.quantile === "p95Ms" ? "95th percentile" : "median";
  const route = (gate: SlowLevel["gate"], evidence: number, note: string): SlowLevel => ({
    because: `${percent(samples === 0 ? 0 : slow / samples)} of ${samples} requests took longer than ${Math.round(limitMs)} ms (${limits.slowdown * level.beyond} times the old version's ${name}, and ${UNNOTICED_MS * level.beyond} ms more)${note}; ${percent(level.share)} may`,
    gate,
    evidence,
    actsAt: -Math.log(gate === "rollback" ? ROLLBACK_ALPHA.latency : ALARM_ALPHA.latency),
    lower,
    samples,
  });
  return [
    ...(counts.apart.length > 0 && excess >= LEAST_EXCESS ? [route("rollback", meanOfLogs(counts.apart), ", and more than beside it")] : []),
    route(level.gateBefore, meanOfLogs(counts.rise), ""),
  ];
}
