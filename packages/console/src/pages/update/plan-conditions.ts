import type { UpdateView, Verdict } from "@instar/protocol";

/** One thing that must hold before the update proceeds. */
export interface Condition {
  readonly what: string;
  readonly verdict: Verdict;
  readonly because: string;
}

/**
 * Every gate that was looked at so far, in the order of the steps; what blocks is not hidden among what passed. A gate whose step was not reached is not listed: it
 * is ahead, and the steps say so.
 */
export function planConditions(steps: UpdateView["steps"]): readonly Condition[] {
  return steps.flatMap((step): Condition[] => {
    const { evidence } = step;
    if (evidence === null) return [];
    const { stages = [], rehearsal, health = [], observation, decision } = evidence;
    return [
      ...stages.filter(({ gate }) => gate === "required").map(({ stage, verdict, because }) => ({ what: stage.replaceAll("_", " "), verdict, because })),
      ...(rehearsal === undefined ? [] : [{ what: "rehearsal", verdict: rehearsal.verdict, because: rehearsal.because }]),
      ...(decision === undefined ? [] : [{ what: "policies", verdict: verdictOf(decision.comesTo), because: decision.policy.because }]),
      ...health
        .filter(({ gate }) => gate === "required")
        .map(({ check, when, verdict, because }) => ({ what: `${check.replaceAll("_", " ")} (${when} the exchange)`, verdict, because })),
      ...(observation === undefined ? [] : [{ what: "observation in service", verdict: observation.verdict, because: observation.because }]),
    ];
  });
}

/** A wait for a person or a time is neither passed nor failed. */
function verdictOf(comesTo: "proceed" | "approval" | "later" | "refused"): Verdict {
  if (comesTo === "proceed") return "pass";
  return comesTo === "refused" ? "fail" : "insufficient";
}
