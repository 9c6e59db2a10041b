import { InstarError } from "@instar/protocol";
import type { JobResult, RunJob } from "../platform/run-job.ts";
import type { ConfinedJob, Entered, SandboxAdapter } from "./sandbox.ts";

/**
 * Runs a job inside one sandbox: enters, starts, watches, ends it where a limit is exceeded, and leaves whatever happened.
 *
 * @throws InstarError SANDBOX_FAILED where the sandbox's tool did not start the program; nothing of the job has run then
 */
export async function runEntered(adapter: SandboxAdapter, job: ConfinedJob, runJob: RunJob): Promise<JobResult> {
  const entered = await adapter.enter(job.confinement, { argv: job.argv, cwd: job.cwd, environment: job.environment });
  const excess = new AbortController();
  let watched: Promise<string | undefined> | undefined;
  try {
    const result = await runJob({
      ...job,
      argv: entered.argv,
      environment: entered.environment,
      signal: job.signal === undefined ? excess.signal : AbortSignal.any([job.signal, excess.signal]),
      onStart: (pid) => {
        watched = entered.watch(pid).then((found) => {
          if (found !== undefined) excess.abort();
          return found;
        });
        // A watch that failed is told below, and ends the job: nothing runs unwatched.
        watched.catch(() => excess.abort());
        job.onStart?.(pid);
      },
    });
    await assertStarted(adapter, entered, result);
    await entered.leave();
    const exceeded = await watched;
    return exceeded === undefined ? result : { ...result, exceeded };
  } finally {
    await entered.leave();
  }
}

/** A tool that refuses exits as a program could: the difference is whether it ever came to start the program. */
async function assertStarted(adapter: SandboxAdapter, entered: Entered, result: JobResult): Promise<void> {
  if (result.kind !== "exited" || entered.hasStarted === undefined || (await entered.hasStarted())) return;
  const words = result.tail.trimEnd().split("\n").at(-1);
  throw new InstarError("SANDBOX_FAILED", `${adapter.name} did not start the program${words === undefined || words === "" ? "" : ` (${words})`}`, {
    facts: { sandbox: adapter.name, status: result.status },
    advice: "Nothing of it has run. `instar doctor` tries the sandbox and says what is wrong; what a job may read besides, sandbox.readable names.",
  });
}
