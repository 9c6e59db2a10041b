import { type BackupJob, InstarError, renderProblem } from "@instar/protocol";
import type { Clock } from "../platform/clock.ts";
import type { BackupProgress } from "../update/take-backup.ts";

/** A `problem` beside other results: what was found out before it failed, such as which backups are damaged. */
export type JobResults = Partial<Pick<BackupJob, "backup" | "verified" | "plan" | "update" | "restoredTo" | "pruned" | "freedBytes" | "problem">>;

export interface JobDesk {
  readonly signal: AbortSignal;
  readonly progress: (progress: BackupProgress) => void;
}

/** So many are remembered after their end. */
const REMEMBERED = 20;

/**
 * Work on backups that outlives a request: one at a time, looked at by its id. Only in memory: what it makes is on disk whole or not at all, so a daemon that
 * was killed leaves nothing to go on with.
 */
export class BackupJobs {
  readonly #jobs = new Map<string, BackupJob>();
  #moves = 0;
  readonly #clock: Clock;
  readonly #newId: () => string;
  readonly #signal: AbortSignal;

  constructor(options: { clock: Clock; newId: () => string; signal: AbortSignal }) {
    this.#clock = options.clock;
    this.#newId = options.newId;
    this.#signal = options.signal;
  }

  /** Another number after each change of any of them. */
  get moves(): number {
    return this.#moves;
  }

  /** Begins it, and gives it as it is at its beginning. @throws InstarError CONFLICT while another one is at work */
  begin(what: BackupJob["what"], act: (desk: JobDesk) => Promise<JobResults>): { readonly job: BackupJob; readonly ended: Promise<BackupJob> } {
    const other = [...this.#jobs.values()].find(({ state }) => state === "running");
    if (other !== undefined)
      throw new InstarError("CONFLICT", `a ${other.what} of backups is at work: ${other.progress.line}`, {
        facts: { job: other.id },
        advice: `Wait for it: \`instar backup progress ${other.id}\`.`,
      });
    const job = this.#draft(what);
    const { id } = job;
    this.#keep(job);
    const progress = (now: BackupProgress) => this.#keep({ ...this.find(id), progress: foldProgress(now) });
    const ended = act({ signal: this.#signal, progress }).then(
      (results) => this.#end(id, results),
      (error: unknown) => this.#end(id, { problem: { ...renderProblem(error) } }),
    );
    return { job, ended };
  }

  /** What would be done, worked out beside whatever is at work: it changes nothing, so it takes no turn, and nobody is told that something moved. */
  async answer(what: BackupJob["what"], act: (desk: JobDesk) => Promise<JobResults>): Promise<BackupJob> {
    const job = this.#draft(what);
    const results = await act({ signal: this.#signal, progress: () => {} }).catch((error: unknown): JobResults => ({ problem: { ...renderProblem(error) } }));
    const answered = { ...job, ...results, state: results.problem == null ? ("done" as const) : ("failed" as const), endedAt: this.#now() };
    this.#remember(answered);
    return answered;
  }

  /** @throws InstarError NOT_FOUND */
  find(id: string): BackupJob {
    const job = this.#jobs.get(id);
    if (job === undefined)
      throw new InstarError("NOT_FOUND", `there is no work on backups ${id}`, {
        advice: "Where the daemon was started again meanwhile, it ended without an effect: ask for it again. `instar backup list` shows what there is.",
      });
    return job;
  }

  #draft(what: BackupJob["what"]): BackupJob {
    return {
      ...{ id: this.#newId(), what, state: "running", startedAt: this.#now(), endedAt: null, problem: null },
      ...{ backup: null, verified: [], plan: null, update: null, restoredTo: null, pruned: [], freedBytes: null },
      progress: { line: "beginning", files: 0, sizeBytes: 0, share: null },
    };
  }

  #end(id: string, results: JobResults): BackupJob {
    const state = results.problem == null ? ("done" as const) : ("failed" as const);
    const job = { ...this.find(id), ...results, state, endedAt: this.#now() };
    this.#keep(job);
    return job;
  }

  #keep(job: BackupJob): void {
    this.#moves += 1;
    this.#remember(job);
  }

  #remember(job: BackupJob): void {
    this.#jobs.set(job.id, job);
    for (const [id, { state }] of this.#jobs) if (this.#jobs.size > REMEMBERED && state !== "running") this.#jobs.delete(id);
  }

  #now(): string {
    return new Date(this.#clock.wallMs()).toISOString();
  }
}

/** It was at most so much: what was left out ends it early, and never above one. */
function foldProgress({ line, files, sizeBytes, ofBytes }: BackupProgress): BackupJob["progress"] {
  return { line, files, sizeBytes, share: ofBytes === 0 ? null : Math.min(1, sizeBytes / ofBytes) };
}
