import { meanOfLogs } from "../../statistics/change-point-evidence.ts";
import { logEvidenceAgainstShare } from "../../statistics/error-share-evidence.ts";
import { normalQuantile } from "../../statistics/normal-quantile.ts";
import { wilsonBounds } from "../../statistics/wilson-bounds.ts";
import { BUCKET_MS } from "../metrics-bucket.ts";
import type { ObservationPlan } from "../observation-plan.ts";
import type { ObservationState } from "../observation-state.ts";
import { compareBeside, FEWEST } from "./compare-beside.ts";
import { planErrorLimits } from "./error-limits.ts";
import { ROLLBACK_ALPHA } from "./false-alarm-budget.ts";
import { percent, renderSpan } from "./render-numbers.ts";
import type { TriggerFinding } from "./trigger-finding.ts";

const Z = normalQuantile(0.975);

/**
 * error_rate_spike. Three questions, each with its own share of the false alarms:
 * - did the share rise at any moment of the window above what the old version's counts allow, and is it now, over two minutes, beyond doubt (Wilson, 95 %)
 *   more than is allowed? The bound alone would ask each two minutes of three days anew and be wrong in some; the evidence alone would find differences that
 *   do not matter.
 * - is the share of the whole window more than is allowed, beyond doubt?
 * - where another version runs beside: does this one fail more often, beyond doubt, and by at least a percentage point?
 */
export function judgeErrorRate(state: ObservationState, { baseline, limits }: ObservationPlan): TriggerFinding {
  const { errors } = state;
  const { allowed, dispersion } = planErrorLimits(baseline, limits, state.lastWallMs);
  const overall = planErrorLimits(baseline, limits, null).allowed;
  const finding = (parts: Pick<TriggerFinding, "verdict" | "because" | "statistic" | "bound" | "threshold" | "samples">): TriggerFinding => ({
    trigger: "error_rate_spike",
    gate: "rollback",
    nextLookMs: BUCKET_MS,
    raisedAtTickMs: null,
    ...parts,
  });
  const { total } = errors;
  const riseAt = -Math.log(ROLLBACK_ALPHA.errorsRose);
  if (total === null || total.requests === 0)
    return finding({ verdict: "nodata", because: "no request was counted", statistic: null, bound: null, threshold: riseAt, samples: 0 });

  const rise = meanOfLogs(errors.rise);
  const { recent, isApart, isShared } = compareBeside(state);
  // Failures that come in swarms are worth as many fewer independent ones in the bound, too.
  const { lower } = wilsonBounds(recent.failed / dispersion, recent.requests / dispersion, Z);
  if (rise >= riseAt && recent.requests >= FEWEST && lower > allowed && !isShared)
    return finding({
      verdict: "fail",
      because: `${recent.failed} of ${recent.requests} requests failed within ${renderSpan(recent.spanMs)}: beyond doubt more than the allowed ${percent(allowed)}, and more than the old version's`,
      statistic: rise,
      bound: lower,
      threshold: riseAt,
      samples: recent.requests,
    });

  const counted = `${total.failed} of ${total.requests} requests failed`;
  const evidence = logEvidenceAgainstShare(total.failed / dispersion, total.requests / dispersion, overall);
  const evidenceAt = -Math.log(ROLLBACK_ALPHA.errorsOverall);
  const whole = wilsonBounds(total.failed / dispersion, total.requests / dispersion, Z).lower;
  if (evidence >= evidenceAt && !isShared)
    return finding({
      verdict: "fail",
      because: `${counted}: beyond doubt more than the allowed ${percent(overall)}`,
      statistic: evidence,
      bound: whole,
      threshold: evidenceAt,
      samples: total.requests,
    });

  const apart = meanOfLogs(errors.apart);
  const apartAt = -Math.log(ROLLBACK_ALPHA.errorsBeside);
  if (apart >= apartAt && errors.beside !== null && isApart)
    return finding({
      verdict: "fail",
      because: `${counted}, and ${errors.beside.failed} of ${errors.beside.requests} beside it: beyond doubt more often`,
      statistic: apart,
      bound: whole,
      threshold: apartAt,
      samples: total.requests + errors.beside.requests,
    });

  return finding({
    verdict: total.requests < FEWEST ? "insufficient" : "pass",
    because: counted,
    statistic: rise,
    bound: lower,
    threshold: riseAt,
    samples: total.requests,
  });
}
