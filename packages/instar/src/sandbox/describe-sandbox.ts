import { type Enforcement, InstarError, SANDBOX_ASPECTS, type SandboxReport } from "@instar/protocol";
import { describeJobContainment } from "../platform/job-containment.ts";
import type { RunJob } from "../platform/run-job.ts";
import { describeTrial, type TrialView } from "./describe-trial.ts";
import type { LimitsHere } from "./hold-limits.ts";
import type { SandboxAdapter } from "./sandbox.ts";
import { trySandbox } from "./try-sandbox.ts";

export interface SandboxDescription {
  readonly runJob: RunJob;
  /** Private. */
  readonly folder: string;
  readonly limits: () => Promise<LimitsHere>;
  readonly walls: Pick<TrialView, "walls" | "holdsTree" | "wallsAdvice" | "callsAdvice">;
  /** Why it cannot even be tried, and what to do; undefined where it can. */
  readonly findObstacle: () => Promise<{ readonly because: string; readonly advice: string } | undefined>;
  /** What to do where it was tried and did not start. */
  readonly advise: () => Promise<string>;
  readonly because: string;
  readonly advice: string;
}

/** `describe` of an adapter: tried once and remembered, or again when asked afresh. A trial that failed is not remembered. */
export function createDescription(adapter: () => SandboxAdapter, options: SandboxDescription): SandboxAdapter["describe"] {
  let known: Promise<SandboxReport> | undefined;
  return (asked) => {
    if (asked?.afresh) known = undefined;
    known ??= describeSandbox(adapter(), options);
    const asking = known;
    const forget = () => {
      if (known === asking) known = undefined;
    };
    return asking.then(
      (report) => {
        if (!report.available) forget();
        return report;
      },
      (error: unknown) => {
        forget();
        throw error;
      },
    );
  };
}

async function describeSandbox(adapter: SandboxAdapter, options: SandboxDescription): Promise<SandboxReport> {
  const { name } = adapter;
  const obstacle = await options.findObstacle();
  if (obstacle !== undefined) return { name, available: false, ...obstacle, aspects: nothing(obstacle.because, obstacle.advice) };
  try {
    const trial = await trySandbox(adapter, options);
    const [{ cgroups }, containment] = await Promise.all([options.limits(), describeJobContainment()]);
    const { because, advice } = options;
    return { name, available: true, because, advice, aspects: describeTrial({ trial, cgroups, containment, ...options.walls }) };
  } catch (error) {
    const because = InstarError.is(error, "SANDBOX_FAILED") ? error.message : `it was tried and did not work: ${String(error)}`;
    const advice = await options.advise();
    return { name, available: false, because, advice, aspects: nothing(because, advice) };
  }
}

function nothing(because: string, advice: string): Enforcement[] {
  return SANDBOX_ASPECTS.map((aspect) => ({ aspect, enforced: "no", by: "", because, advice }));
}
