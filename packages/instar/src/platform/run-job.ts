import { randomBytes } from "node:crypto";
import { closeSync } from "node:fs";
import { stat } from "node:fs/promises";
import { constants as system } from "node:os";
import { dirname } from "node:path";
import { InstarError } from "@instar/protocol";
import type { Clock } from "./clock.ts";
import { endProcessTree, type ProcessMarker } from "./end-process-tree.ts";
import { findProgram } from "./find-program.ts";
import { describeJobContainment, type JobContainment, type TreeEnds } from "./job-containment.ts";
import { type JobOutput, openJobOutput } from "./job-output.ts";
import { openPipe, type Pipe } from "./open-pipe.ts";
import { type ContainedProgram, startContained } from "./start-contained.ts";

export interface JobSpec {
  /** Looked for on the PATH of `environment`; a relative path counts from `cwd`. */
  readonly argv: readonly string[];
  readonly cwd: string;
  /** All that it gets, beside INSTAR_JOB. */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Appended to, created 0600; stdout and stderr in the order of their writing. */
  readonly logPath: string;
  readonly title: string;
  readonly signal?: AbortSignal;
  /** Each line of output, without its end. Must not throw. */
  readonly onLine?: (line: string) => void;
  /** Called when its program is about to start, with the pid under which all of its processes live. Must not throw. */
  readonly onStart?: (pid: number) => void;
  /** What the log may take, 4 MiB unless said otherwise: head and tail are kept, the middle is left out. */
  readonly logLimitBytes?: number;
}

export type JobResult = (
  | { readonly kind: "exited"; readonly status: number }
  /** By a signal, whoever sent it. A program that exits with 128 and a signal's number is told in the same way. */
  | { readonly kind: "signalled"; readonly signal: string }
  | { readonly kind: "timed-out"; readonly afterMs: number }
  | { readonly kind: "stopped" }
  | { readonly kind: "not-started"; readonly because: string }
) & {
  /** The last 40 lines of output, at most 8 KiB. */
  readonly tail: string;
  /** A limit that ended it, in words; absent where none did. The deadline is a kind of its own. */
  readonly exceeded?: string;
  /** How many processes still ran when the program had exited; they were ended. */
  readonly leftBehind: number;
  readonly durationMs: number;
};

export type RunJob = (job: JobSpec) => Promise<JobResult>;

const MARKER = "INSTAR_JOB";
const DEFAULT_LOG_BYTES = 4 * 1_048_576;
/** Children that are just ending when their parent exits were not left behind. */
const SETTLE_MS = 250;
/** With the tree gone the pipe ends at once; only a process that escaped every net can hold it open. */
const DRAIN_MS = 1_000;

/**
 * Runs short-lived programs that are not trusted. The whole process tree ends with the job: at its deadline, on abort, after its
 * program exits, and with this process, however it dies. How surely, `describeJobContainment` says. stdin is /dev/null.
 * What becomes of the job is a value; only an operating system that cannot end a process makes it throw.
 *
 * @param instanceId begins every job's marker, so that a later daemon can end what this one could not
 * @param mode a weaker containment than the machine's best
 */
export function createJobRunner(options: { clock: Clock; instanceId: string; mode?: TreeEnds }): RunJob {
  const { clock } = options;
  return async (job) => {
    const beganMs = clock.monotonicMs();
    const settle = (end: JobEnd, tail = ""): JobResult => ({ ...end, tail, durationMs: clock.monotonicMs() - beganMs });
    if (job.signal?.aborted) return settle({ kind: "stopped", leftBehind: 0 });
    const because = await findObstacle(job);
    if (because !== undefined) return settle({ kind: "not-started", because, leftBehind: 0 });
    const output = openOutput(job);
    const containment = await chooseContainment(options.mode);
    const marker = { name: MARKER, value: `${options.instanceId}/${randomBytes(8).toString("hex")}` };
    let end: JobEnd;
    try {
      end = await runContained(job, { clock, containment, marker, output });
    } catch (error) {
      output.close();
      throw error;
    }
    return settle(end, output.close());
  };
}

/**
 * Ends what jobs of earlier daemons of this instance left running; called when a daemon starts, before it runs a job of its own.
 *
 * @returns how many processes were ended
 * @throws InstarError TIMED_OUT
 */
export async function endLeftoverJobs(options: { clock: Clock; instanceId: string }): Promise<number> {
  return endProcessTree({
    marker: { name: MARKER, value: `${options.instanceId}/`, isPrefix: true },
    graceMs: 0,
    signal: "SIGKILL",
    clock: options.clock,
  });
}

type JobEnd = (
  | { kind: "exited"; status: number }
  | { kind: "signalled"; signal: string }
  | { kind: "timed-out"; afterMs: number }
  | { kind: "stopped" }
  | { kind: "not-started"; because: string }
) & { leftBehind: number };

async function findObstacle(job: JobSpec): Promise<string | undefined> {
  if (process.platform === "win32") return "jobs need Linux or macOS";
  const cwd = await stat(job.cwd).catch(() => undefined);
  if (!cwd?.isDirectory()) return `there is no folder ${job.cwd}`;
  const [name] = job.argv;
  if (name === undefined || name === "") return "there is no program to run";
  return (await findProgram(name, job.cwd, job.environment)) === undefined ? `there is no program ${name}` : undefined;
}

function openOutput(job: JobSpec): JobOutput {
  return openJobOutput({
    path: job.logPath,
    title: job.title,
    limitBytes: job.logLimitBytes ?? DEFAULT_LOG_BYTES,
    ...(job.onLine === undefined ? {} : { onLine: job.onLine }),
  });
}

async function chooseContainment(mode: TreeEnds | undefined): Promise<JobContainment> {
  if (mode === undefined) return describeJobContainment();
  if (mode !== "namespace") return { treeEnds: mode, because: "it was asked for", prefix: [] };
  const best = await describeJobContainment();
  if (best.treeEnds === "namespace") return best;
  throw new InstarError("PLATFORM_FAILED", `There are no PID namespaces here: ${best.because}`);
}

interface Surroundings {
  readonly clock: Clock;
  readonly containment: JobContainment;
  readonly marker: ProcessMarker;
  readonly output: JobOutput;
}

async function runContained(job: JobSpec, around: Surroundings): Promise<JobEnd> {
  const { clock } = around;
  let pipe: Pipe;
  try {
    pipe = await openPipe(dirname(job.logPath));
  } catch (error) {
    return { kind: "not-started", because: `no pipe could be opened: ${describe(error)}`, leftBehind: 0 };
  }
  pipe.reader.on("data", (chunk: Buffer) => around.output.write(chunk));
  pipe.reader.on("error", () => {});
  const drained = new Promise<void>((resolve) => pipe.reader.once("close", () => resolve()));
  let program: ContainedProgram;
  try {
    program = await startContained({ ...job, ...around, output: pipe.writer });
  } catch (error) {
    pipe.reader.destroy();
    return { kind: "not-started", because: describe(error), leftBehind: 0 };
  } finally {
    closeSync(pipe.writer);
  }
  try {
    job.onStart?.(program.pid);
    const end = await waitForEnd(program, job, clock);
    const leftBehind = end.kind === "exited" || end.kind === "signalled" ? await countSettled(program, clock) : 0;
    await program.endTree();
    await withinMs(DRAIN_MS, drained, clock);
    return { ...end, leftBehind };
  } finally {
    pipe.reader.destroy();
  }
}

type Bare<End> = End extends JobEnd ? Omit<End, "leftBehind"> : never;

async function waitForEnd(program: ContainedProgram, job: JobSpec, clock: Clock): Promise<Bare<JobEnd>> {
  const over = new AbortController();
  const signal = job.signal === undefined ? over.signal : AbortSignal.any([over.signal, job.signal]);
  const deadline = clock.sleep(job.timeoutMs, signal).then(
    (): Bare<JobEnd> => ({ kind: "timed-out", afterMs: job.timeoutMs }),
    (): Bare<JobEnd> => ({ kind: "stopped" }),
  );
  const ended = program.end.then((end): Bare<JobEnd> => {
    if (end.kind === "lost") return end.wasStarted ? { kind: "signalled", signal: "SIGKILL" } : { kind: "not-started", because: end.because };
    const signalName = nameOfSignal(end.shellStatus - 128);
    return signalName === undefined ? { kind: "exited", status: end.shellStatus } : { kind: "signalled", signal: signalName };
  });
  try {
    return await Promise.race([ended, deadline]);
  } finally {
    over.abort();
  }
}

function nameOfSignal(number: number): string | undefined {
  return Object.entries(system.signals).find(([, known]) => known === number)?.[0];
}

async function countSettled(program: ContainedProgram, clock: Clock): Promise<number> {
  const beganMs = clock.monotonicMs();
  for (;;) {
    const count = await program.countLeftBehind();
    if (count === 0 || clock.monotonicMs() - beganMs > SETTLE_MS) return count;
    await clock.sleep(20);
  }
}

async function withinMs(ms: number, done: Promise<void>, clock: Clock): Promise<void> {
  const over = new AbortController();
  await Promise.race([done, clock.sleep(ms, over.signal).catch(() => {})]);
  over.abort();
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
