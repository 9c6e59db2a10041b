import { RISKS, type Risk } from "@instar/protocol";

/** The specification's numbers (`self-upgrading-loop` §5.2): the highest that still is this level. The one place where the two scales meet. */
const HIGHEST: Readonly<Record<Risk, number>> = { minimal: 0.2, low: 0.4, medium: 0.6, high: 0.8, critical: 1 };

/** The level of a risk from 0 to 1. What is no such number is critical: a risk that nobody can read is no low one. */
export function riskOfNumber(risk: number): Risk {
  if (!(risk >= 0)) return "critical";
  return RISKS.find((level) => risk <= HIGHEST[level]) ?? "critical";
}
