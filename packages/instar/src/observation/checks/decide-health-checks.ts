import { type HealthCheckResult, VERDICTS, type Verdict } from "@instar/protocol";

export interface HealthDecision {
  /** The worst of the required checks; `pass` where what the agent does not have is all that is left. */
  readonly verdict: Verdict;
  readonly because: string;
  /** A sentence; null where the exchange may go on. */
  readonly refusedBecause: string | null;
}

/**
 * What the checks of one moment allow. Pure. A required check refuses by failing, and by not having been asked (`error`); what an agent does not have
 * (`nodata`) and what is in doubt are said, and refuse nothing. No check at all is no pass.
 */
export function decideHealthChecks(results: readonly HealthCheckResult[]): HealthDecision {
  if (results.length === 0) return { verdict: "nodata", because: "nothing was checked", refusedBecause: "no health check was made" };
  const required = results.filter(({ gate }) => gate === "required");
  const verdict = required.map((one) => one.verdict).reduce<Verdict>((worst, one) => (VERDICTS.indexOf(one) > VERDICTS.indexOf(worst) ? one : worst), "pass");
  const refusing = required.filter((one) => one.verdict === "fail" || one.verdict === "error");
  const sentences = (list: readonly HealthCheckResult[]) => list.map(({ check, because }) => `${check}: ${because}`).join("; ");
  if (refusing.length > 0) return { verdict, because: sentences(refusing), refusedBecause: sentences(refusing) };
  const told = results.filter((one) => one.verdict !== "pass" && one.verdict !== "nodata");
  const passed = results.filter((one) => one.verdict === "pass").length;
  return { verdict, because: `${passed} of ${results.length} checks pass${told.length === 0 ? "" : `; ${sentences(told)}`}`, refusedBecause: null };
}
