import { findProgram } from "../platform/find-program.ts";
import type { JobResult, RunJob } from "../platform/run-job.ts";
import { findSandbox, type SandboxesHere } from "./find-sandbox.ts";
import { runEntered } from "./run-entered.ts";
import type { ConfinedJob, RunConfined } from "./sandbox.ts";

export interface ConfinedRunnerOptions extends SandboxesHere {
  readonly runJob: RunJob;
}

/** See RunConfined. The sandbox is chosen anew for every job; what this machine can do is remembered by the adapters. */
export function createConfinedRunner(options: ConfinedRunnerOptions): RunConfined {
  return async (given) => {
    const job: ConfinedJob = {
      ...given,
      environment: { ...given.environment, ...options.settings.environment },
      confinement: { ...given.confinement, readable: [...given.confinement.readable, ...options.settings.readable] },
    };
    const { adapter, missing } = await findSandbox(job.confinement.use, options);
    const confinedBy = { sandbox: adapter.name, missing: [...missing] };
    const because = await findObstacle(job);
    if (because !== undefined) return { ...notStarted(because), confinedBy };
    return { ...(await runEntered(adapter, job, options.runJob)), confinedBy };
  };
}

/** Asked before the sandbox is: what runs there is the sandbox's own tool, and would hide a program that is not there. */
async function findObstacle(job: ConfinedJob): Promise<string | undefined> {
  const [name = ""] = job.argv;
  if (name === "") return "there is no program to run";
  return (await findProgram(name, job.cwd, job.environment)) === undefined ? `there is no program ${name}` : undefined;
}

function notStarted(because: string): JobResult {
  return { kind: "not-started", because, tail: "", leftBehind: 0, durationMs: 0 };
}
