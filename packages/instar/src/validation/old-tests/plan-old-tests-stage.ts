import type { Settings } from "../../settings/settings.ts";
import type { Gate, PlannedStage } from "../stages/planned-stage.ts";
import type { OldTestsPlan } from "./plan-old-tests.ts";

export const OLD_TESTS = "old_tests";

export interface OldTestsStageQuestion {
  /** How the operator asks for it. */
  readonly wish: Settings["validation"]["oldTests"];
  /** The change takes away, skips or softens tests. */
  readonly weakensTests: boolean;
  readonly unitTests: PlannedStage | undefined;
  readonly plan: OldTestsPlan;
}

export type PlannedOldTests =
  /** Beside the other stages; `stage.tests` is null where it can only say that nothing can be said. */
  { readonly kind: "run"; readonly stage: PlannedStage } | { readonly kind: "skip"; readonly because: string };

/**
 * The running version's tests as a stage of their own, run as the unit tests are. A version that weakens what judges it must pass the judges
 * that were there before.
 */
export function planOldTestsStage({ wish, weakensTests, unitTests, plan }: OldTestsStageQuestion): PlannedOldTests {
  const gate = planGate(wish, weakensTests);
  if (gate === "off") return { kind: "skip", because: "it is off (validation.oldTests)" };
  if (unitTests?.tests == null) return { kind: "skip", because: "instar.yaml names no tests" };
  const { tests } = unitTests;
  const stage = { ...unitTests, stage: OLD_TESTS, gate, isWritten: true, hasBuiltIn: false };
  // Weakened in files that nobody knows to be tests: the old ones cannot be put back, and what cannot be measured is no pass.
  if (plan.kind === "same" && weakensTests) return { kind: "run", stage: { ...stage, tests: null, idle: `tests were weakened, and yet ${plan.because}` } };
  if (plan.kind === "same") return { kind: "skip", because: plan.because };
  // How much is covered is asked of the candidate's own tests.
  return { kind: "run", stage: { ...stage, tests: { ...tests, coverage: undefined } } };
}

function planGate(wish: OldTestsStageQuestion["wish"], weakensTests: boolean): Gate {
  if (wish === "auto") return weakensTests ? "required" : "advisory";
  return wish === "reported" ? "advisory" : wish;
}
