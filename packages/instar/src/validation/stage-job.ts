import type { JobResult } from "../platform/run-job.ts";

/** A run of a stage's command. Where it is confined, and how, is for whoever runs it. */
export interface StageJob {
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly title: string;
  /** Each line of output, without its end. Never throws. */
  readonly onLine: (line: string) => void;
}

export type StageJobResult = JobResult & {
  /** A limit that ended it, in words. */
  readonly exceeded?: string;
};

export type RunStageJob = (job: StageJob) => Promise<StageJobResult>;
