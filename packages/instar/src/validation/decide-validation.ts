import type { StageResult } from "@instar/protocol";
import type { PlannedStage } from "./stages/planned-stage.ts";

export interface ValidationDecision {
  readonly kind: "passed" | "refused";
  /** In words: what refused it, or what passed; what an advisory stage said stands in either. */
  readonly because: string;
  readonly advisories: readonly string[];
}

type Judged = Pick<PlannedStage, "stage" | "gate" | "isWritten" | "tests" | "hasBuiltIn">;

/**
 * Whether a stage keeps the update from proceeding: a required one that did not pass, whatever the reason. One of which there is nothing
 * to run blocks only where the operator wrote it down.
 */
export function isBlocking(stage: Judged, result: Pick<StageResult, "verdict">): boolean {
  return stage.gate === "required" && result.verdict !== "pass" && !isEmpty(stage);
}

const isEmpty = ({ isWritten, tests, hasBuiltIn }: Judged) => !isWritten && tests === null && !hasBuiltIn;

/** What all stages say together. A required stage without a result is one that did not pass. */
export function decideValidation(stages: readonly Judged[], results: readonly StageResult[]): ValidationDecision {
  const told = new Map(results.map((result) => [result.stage, result]));
  const blocking = stages.filter((stage) => isBlocking(stage, told.get(stage.stage) ?? { verdict: "nodata" }));
  const advisories = stages.flatMap((stage) => {
    const result = told.get(stage.stage);
    const isSaid = stage.gate === "advisory" && result !== undefined && result.verdict !== "pass" && !isEmpty(stage);
    return isSaid ? [`${sayName(stage.stage)}: ${result.because}`] : [];
  });
  const asides = advisories.length === 0 ? "" : `; advisory, ${advisories.join("; ")}`;
  if (blocking.length > 0) {
    // One that did not run because of another is no reason of its own.
    const own = blocking.filter(({ stage }) => !told.get(stage)?.because.startsWith("not run because"));
    const reasons = (own.length > 0 ? own : blocking).map(({ stage }) => `${sayName(stage)}: ${told.get(stage)?.because ?? "it has no result"}`);
    return { kind: "refused", because: `${reasons.join("; ")}${asides}`, advisories };
  }
  const passed = results.filter(({ verdict }) => verdict === "pass");
  if (passed.length === 0) return { kind: "passed", because: `nothing was measured: no stage has anything to run${asides}`, advisories };
  return {
    kind: "passed",
    because: `${passed.map(({ stage, because, cached }) => `${sayName(stage)}: ${because}${cached ? " (known from before)" : ""}`).join("; ")}${asides}`,
    advisories,
  };
}

const sayName = (stage: string) => stage.replaceAll("_", " ");
