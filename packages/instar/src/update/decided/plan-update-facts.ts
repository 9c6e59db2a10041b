import { type CheckResult, type ImpactReport, TOUCH_KINDS, type Verdict } from "@instar/protocol";
import { addChecks } from "../../analysis/plan-impact.ts";
import type { UpdateFacts } from "../../governance/policy/update-facts.ts";
import type { UpdateStart } from "../journal-entry.ts";

export interface Measured {
  readonly impact: ImpactReport;
  /** What its compiler and its linter said, once it was built. */
  readonly laterChecks: readonly CheckResult[];
  readonly tests: Verdict;
  readonly rehearsal: UpdateFacts["rehearsal"];
  readonly isConfined: boolean;
  readonly lessons: number;
  readonly authors: readonly string[];
}

/** What policies are asked about an update, from what was measured of it. Pure. */
export function planUpdateFacts(start: Pick<UpdateStart, "kind" | "trigger" | "actor" | "overrides" | "origin">, measured: Measured): UpdateFacts {
  const { factors, risk, score, checks, ...impact } = addChecks(measured.impact, measured.laterChecks);
  // The lists of a report are cut; its factors name every kind that was touched.
  const named = (suffix: string) => TOUCH_KINDS.filter((kind) => factors.some(({ name }) => name === `${kind}${suffix}`));
  const weakens = named(" weakened");
  return {
    kind: start.kind,
    trigger: start.trigger === "found" || start.trigger === "first" ? start.trigger : "by-hand",
    startedBy: start.actor.type,
    starter: start.actor.id,
    updateType: impact.updateType,
    bump: impact.bump,
    impactLevel: impact.impactLevel,
    risk,
    score,
    touches: TOUCH_KINDS.filter((kind) => weakens.includes(kind) || named("").includes(kind)),
    weakens,
    dependencies: impact.dependencies.total,
    installScripts: factors.some(({ name }) => name === "install scripts"),
    failedChecks: checks.filter(({ verdict }) => verdict === "fail").map(({ check }) => check),
    tests: measured.tests,
    rehearsal: measured.rehearsal,
    isConfined: measured.isConfined,
    untested: start.overrides.untested ?? false,
    quarantined: start.overrides.quarantined ?? false,
    lessons: measured.lessons,
    authors: [...measured.authors],
    origin: start.origin?.kind ?? "none",
    originBy: start.origin?.by ?? "",
  };
}
