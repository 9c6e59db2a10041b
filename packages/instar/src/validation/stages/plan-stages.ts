import { VALIDATION_STAGES, type ValidationStage } from "@instar/protocol";
import type { Settings } from "../../settings/settings.ts";
import type { PlannedStage, TestWish } from "./planned-stage.ts";

type StageSettings = Settings["validation"][ValidationStage];

export interface StagesQuestion {
  readonly validation: Settings["validation"];
  /** The usual way to write down the unit tests. */
  readonly tests: Settings["tests"];
  /** Stages that the operator wrote down in instar.yaml. */
  readonly written: ReadonlySet<string>;
  /** Stages of which Instar brings a part itself. */
  readonly builtIn: ReadonlySet<string>;
}

/** The seven stages in their order; those that are off are among them, and nothing of them runs. */
export function planStages({ validation, tests, written, builtIn }: StagesQuestion): PlannedStage[] {
  return VALIDATION_STAGES.map((stage) => {
    const settings = validation[stage];
    const isTests = stage === "unit_tests" && tests !== undefined;
    return {
      stage,
      gate: settings.gate,
      isWritten: isTests || written.has(stage),
      withinMs: isTests ? tests.within : settings.within,
      tests: isTests ? wishOf(tests) : wishOf(settings),
      hasBuiltIn: builtIn.has(stage),
    };
  });
}

function wishOf({ command, runner, report, coverage, retries, flaky, leftBehind }: StageSettings | NonNullable<Settings["tests"]>): TestWish | null {
  return command === undefined ? null : { command, runner, report, coverage, retries, flaky, leftBehind };
}
