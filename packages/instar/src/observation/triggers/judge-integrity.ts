import { BUCKET_MS } from "../metrics-bucket.ts";
import type { ObservationState } from "../observation-state.ts";
import { renderSpan } from "./render-numbers.ts";
import type { TriggerFinding } from "./trigger-finding.ts";

/** What is gone is asked for twice, this far apart: plugins may load after the first answer. */
const CONFIRMED_AFTER_MS = 30_000;
const NAMED = 3;

const base = { gate: "rollback", nextLookMs: BUCKET_MS, raisedAtTickMs: null, bound: null } as const;

/** things_dropped: configured things that the old version had and this one lacks. */
export function judgeThings({ things, lastTickMs }: ObservationState): TriggerFinding {
  const gone = Object.entries(things.missing).filter(([, { looks, sinceTickMs }]) => looks >= 2 && (lastTickMs ?? 0) - sinceTickMs >= CONFIRMED_AFTER_MS);
  const missing = Object.keys(things.missing);
  const finding = { ...base, trigger: "things_dropped", statistic: missing.length, threshold: 1, samples: things.asked } as const;
  if (gone.length > 0) return { ...finding, verdict: "fail", because: `it lacks ${renderNames(gone.map(([name]) => name))}, which the old version had` };
  if (missing.length > 0)
    return { ...finding, verdict: "inconclusive", because: `it lacks ${renderNames(missing)} so far; asked again within ${renderSpan(CONFIRMED_AFTER_MS)}` };
  return things.asked === 0
    ? { ...finding, verdict: "nodata", because: "nothing asks for its configured things" }
    : { ...finding, verdict: "pass", because: "it has all that the old version had" };
}

/** files_changed: its files are not as they were sealed, seen twice. */
export function judgeFiles({ damage, buckets }: ObservationState): TriggerFinding {
  const finding = { ...base, trigger: "files_changed", statistic: damage?.looks ?? 0, threshold: 2, samples: buckets } as const;
  if (damage === null) return { ...finding, verdict: buckets === 0 ? "nodata" : "pass", because: "its files are as they were sealed" };
  return { ...finding, verdict: damage.looks >= 2 ? "fail" : "inconclusive", because: `its files were changed underneath: ${damage.because}` };
}

function renderNames(names: readonly string[]): string {
  const more = names.length - NAMED;
  return more > 0 ? `${names.slice(0, NAMED).join(", ")} and ${more} more` : names.join(", ");
}
