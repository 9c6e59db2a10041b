import { InstarError } from "@instar/protocol";
import type { RunJob } from "../platform/run-job.ts";

/** What installing and building share: how jobs run, what they see, where they write. */
export interface BuildJobs {
  readonly runJob: RunJob;
  readonly environment: Readonly<Record<string, string>>;
  /** The update's log: every job's output is appended. */
  readonly logPath: string;
  readonly signal?: AbortSignal | undefined;
}

export interface BuildJob {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly timeoutMs: number;
  /** As a gerund for the sentence: "installing the dependencies". */
  readonly title: string;
}

/**
 * Runs one job of a build; what is not a success is thrown, with the last lines of output as the cause.
 *
 * @throws InstarError BUILD_FAILED, TIMED_OUT, DISK_FULL; the signal's reason where it was stopped
 */
export async function runBuildJob({ runJob, environment, logPath, signal }: BuildJobs, job: BuildJob): Promise<void> {
  const result = await runJob({ ...job, environment, logPath, ...(signal === undefined ? {} : { signal }) });
  if (result.kind === "exited" && result.status === 0) return;
  const parts = {
    cause: new Error(result.tail.trim() || "it said nothing"),
    facts: { command: job.argv.join(" "), log: logPath },
    advice: `Its whole output is in ${logPath}.`,
  };
  if (result.kind === "stopped") throw signal?.aborted === true ? signal.reason : new InstarError("CANCELLED", `${job.title} was stopped`, parts);
  if (result.kind === "timed-out") throw new InstarError("TIMED_OUT", `${job.title} took longer than ${result.afterMs} ms and was ended`, parts);
  // Package managers say it in their own words, but they all name the system's error.
  if (/ENOSPC|No space left on device|Disk quota exceeded|EDQUOT/.test(result.tail))
    throw new InstarError("DISK_FULL", `${job.title} found the disk full`, { ...parts, advice: "Free some space; Instar goes on by itself.", transient: true });
  if (result.exceeded !== undefined) throw new InstarError("BUILD_FAILED", `${job.title} was ended: ${result.exceeded}`, parts);
  if (result.kind === "signalled") throw new InstarError("BUILD_FAILED", `${job.title} was ended by ${result.signal}`, parts);
  if (result.kind === "not-started") throw new InstarError("BUILD_FAILED", `${job.title} could not begin: ${result.because}`, parts);
  throw new InstarError("BUILD_FAILED", `${job.title} failed with status ${result.status}`, parts);
}
