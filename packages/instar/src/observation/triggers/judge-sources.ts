import { BUCKET_MS } from "../metrics-bucket.ts";
import type { ObservationPlan } from "../observation-plan.ts";
import type { ObservationState } from "../observation-state.ts";
import { renderSpan } from "./render-numbers.ts";
import type { TriggerFinding } from "./trigger-finding.ts";

/** Five buckets in a row without an answer, from the end of the first: longer than a keeper takes to come back. */
const BLIND_MS = 4 * BUCKET_MS;
/** No bucket at all for so long is as blind. */
const NO_BUCKET_MS = 12 * BUCKET_MS;

/** judge_blind: sources that do not answer. What was silent with the old version as well is said and blames nobody. */
export function judgeSources({ silent, lastTickMs, buckets }: ObservationState, { baseline }: ObservationPlan, nowTickMs: number): TriggerFinding {
  const ofNew = Object.entries(silent).filter(([source]) => !baseline.silent.includes(source));
  const silentMs = Math.max(-1, ...ofNew.map(([, source]) => (lastTickMs ?? 0) - source.sinceTickMs));
  const unseenMs = nowTickMs - (lastTickMs ?? nowTickMs);
  const named = ofNew.map(([source, { because }]) => `${source} (${because})`).join(", ");
  const finding = {
    trigger: "judge_blind",
    gate: "report",
    statistic: Math.max(0, silentMs),
    bound: null,
    threshold: BLIND_MS,
    samples: buckets,
    raisedAtTickMs: null,
    nextLookMs: BUCKET_MS,
  } as const;
  if (unseenMs >= NO_BUCKET_MS) return { ...finding, verdict: "fail", because: `nothing of it was recorded for ${renderSpan(unseenMs)}` };
  if (silentMs >= BLIND_MS) return { ...finding, verdict: "fail", because: `no answer from ${named} for ${renderSpan(silentMs + BUCKET_MS)}` };
  if (silentMs >= 0) return { ...finding, verdict: "error", because: `no answer from ${named}` };
  if (buckets === 0) return { ...finding, verdict: "nodata", because: "nothing of it was recorded yet" };
  const old = Object.keys(silent);
  return { ...finding, verdict: "pass", because: old.length === 0 ? "every source answers" : `silent as with the old version: ${old.join(", ")}` };
}
