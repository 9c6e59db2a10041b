import { logEvidenceAgainstShare } from "../../statistics/error-share-evidence.ts";
import type { ObservationPlan } from "../observation-plan.ts";
import type { ObservationState } from "../observation-state.ts";
import { compareBeside } from "./compare-beside.ts";
import { planErrorLimits } from "./error-limits.ts";
import { ALARM_ALPHA } from "./false-alarm-budget.ts";
import { percent } from "./render-numbers.ts";

/** More than twice what the old version did, beyond doubt, though less than is allowed: nothing to go back for, and somebody should know. */
export function judgeErrorsDoubled(state: ObservationState, { baseline, limits }: ObservationPlan): string | undefined {
  const { total } = state.errors;
  if (total === null || baseline.errors === null) return undefined;
  const { usual, allowed, dispersion } = planErrorLimits(baseline, limits, null);
  if (2 * usual >= allowed || total.failed < 2 * usual * total.requests) return undefined;
  const evidence = logEvidenceAgainstShare(total.failed / dispersion, total.requests / dispersion, 2 * usual);
  if (evidence < -Math.log(ALARM_ALPHA.errorsDoubled)) return undefined;
  if (compareBeside(state).isShared) return undefined;
  return `${percent(total.failed / total.requests)} of the requests failed: beyond doubt more than twice the old version's ${percent(usual)}`;
}
