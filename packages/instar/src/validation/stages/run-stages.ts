import type { StageResult } from "@instar/protocol";
import { isBlocking } from "../decide-validation.ts";
import type { PlannedStage } from "./planned-stage.ts";
import { describeStage, runStage, type StagePorts } from "./run-stage.ts";

export interface StageCache {
  /** A pass of the very same stage, or undefined. Never throws. */
  readonly find: (stage: PlannedStage) => Promise<StageResult | undefined>;
  readonly keep: (stage: PlannedStage, result: StageResult) => Promise<void>;
}

/**
 * Runs the stages in their order, several at the same time. Once a required stage has not passed, those that run go on to their end and no
 * other one begins. The results stand in the order of the stages, one each.
 *
 * @throws whatever `enter`, `run` or a built-in part throws, after all that run have ended
 */
export async function runStages(
  ports: StagePorts,
  stages: readonly PlannedStage[],
  { parallel, cache }: { parallel: number; cache: StageCache | undefined },
): Promise<StageResult[]> {
  const results = new Map<string, StageResult>();
  const waiting = [...stages];
  let stopper: string | undefined;
  let failure: { readonly error: unknown } | undefined;
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const result = await runUnlessStopped(next).catch((error: unknown) => {
        failure ??= { error };
        return describeStage(next as PlannedStage);
      });
      results.set(next.stage, result);
      if (isBlocking(next, result)) stopper ??= next.stage;
    }
  };
  const runUnlessStopped = async (stage: PlannedStage): Promise<StageResult> => {
    if (stage.gate === "off") return { ...describeStage(stage), because: "it is off (instar.yaml)" };
    if (failure !== undefined || stopper !== undefined)
      return { ...describeStage(stage), because: `not run because ${stopper ?? "another stage"} did not pass` };
    return runCached(ports, stage, cache);
  };
  await Promise.all(Array.from({ length: Math.max(1, parallel) }, work));
  if (failure !== undefined) throw failure.error;
  return stages.flatMap(({ stage }) => results.get(stage) ?? []);
}

/** Only passes are kept; one without a single run of its own is not worth it. */
async function runCached(ports: StagePorts, stage: PlannedStage, cache: StageCache | undefined): Promise<StageResult> {
  const isCachable = cache !== undefined && stage.tests !== null && !stage.hasBuiltIn;
  const known = isCachable ? await cache.find(stage) : undefined;
  if (known !== undefined) return { ...known, stage: stage.stage, gate: stage.gate, cached: true };
  const result = await runStage(ports, stage);
  if (isCachable && result.verdict === "pass" && result.flaky.length === 0) await cache.keep(stage, result);
  return result;
}
