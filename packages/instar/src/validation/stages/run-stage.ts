import type { StageResult, Verdict } from "@instar/protocol";
import type { Clock } from "../../platform/clock.ts";
import { runTests, type TestPlace, type TestPorts } from "../run-tests.ts";
import type { PlannedStage } from "./planned-stage.ts";

/** What Instar found out itself about a stage. */
export interface BuiltInResult {
  readonly verdict: Verdict;
  readonly because: string;
}

export interface StagePlace extends TestPlace {
  /** Asked when the command has passed: why its pass does not count, or undefined. */
  readonly inspect?: () => Promise<string | undefined>;
  /** Takes the place away. Called once, whatever happened. */
  readonly leave: () => Promise<void>;
}

export interface StagePorts {
  readonly run: TestPorts["run"];
  readonly clock: Clock;
  readonly say: (stage: string, line: string) => void;
  /** A tree and a folder of the stage's own, because stages run at the same time. */
  readonly enter: (stage: string) => Promise<StagePlace>;
  /** Instar's own part of a stage, where it has one. */
  readonly builtIn: Readonly<Partial<Record<string, () => Promise<BuiltInResult>>>>;
  /** Test files that the change reaches, relative to the tree. */
  readonly first: readonly string[];
}

/** One stage: Instar's own part and the operator's command. Where there are both, both must pass. */
export async function runStage(ports: StagePorts, planned: PlannedStage): Promise<StageResult> {
  const beganMs = ports.clock.monotonicMs();
  const own = planned.hasBuiltIn ? await ports.builtIn[planned.stage]?.() : undefined;
  const told = describeStage(planned, Math.round(ports.clock.monotonicMs() - beganMs));
  if (planned.tests === null)
    return own === undefined
      ? { ...told, verdict: "nodata", because: planned.idle ?? "instar.yaml names no command for it" }
      : { ...told, ...own, runner: "built-in" };
  if (own !== undefined && own.verdict !== "pass") return { ...told, ...own, because: `${own.because}; its command was not run`, runner: "built-in" };
  const place = await ports.enter(planned.stage);
  try {
    const tests = await runTests(
      { run: ports.run, clock: ports.clock, say: (line) => ports.say(planned.stage, line) },
      { title: planned.stage, tests: planned.tests, place, withinMs: planned.withinMs, first: ports.first },
    );
    const objection = tests.verdict === "pass" ? await place.inspect?.() : undefined;
    if (objection !== undefined) return { ...told, ...tests, verdict: "fail", because: `${tests.because}, but ${objection}` };
    return { ...told, ...tests, because: own === undefined ? tests.because : `${own.because}; ${tests.because}` };
  } finally {
    await place.leave();
  }
}

/** A stage of which nothing is known yet. */
export function describeStage({ stage, gate }: Pick<PlannedStage, "stage" | "gate">, durationMs = 0): StageResult {
  return { stage, gate, verdict: "nodata", because: "", runner: null, counts: null, coverage: null, failing: [], flaky: [], durationMs, cached: false };
}
