import type { Socket } from "node:net";
import type { ConfinedBy, SandboxAspect, SandboxName, SandboxReport, SandboxUse } from "@instar/protocol";
import type { JobResult, JobSpec } from "../platform/run-job.ts";

/**
 * What a job may reach. Everything that is not named is out of its reach: other files, other processes, the network, the environment.
 * The system's own programs and libraries, and those on the PATH of the job's environment, may be read by every job.
 */
export interface Confinement {
  readonly use: SandboxUse;
  /** Absolute paths of files and folders, at their own places. A path that is not there is passed over. */
  readonly readable: readonly string[];
  /** The same. They win over `readable` paths around them. */
  readonly writable: readonly string[];
  /**
   * Folders that the job sees, writable, at another place than where they are: a copy of the state where the state is. Only a sandbox with a root of
   * its own can do that; `SandboxAdapter.canPlace` says so, and others pass it over.
   */
  readonly placed?: readonly { readonly from: string; readonly at: string }[];
  /** The job's own folder, writable, which may hold `limits.diskBytes` at most. Home and temporary folders lie in it. */
  readonly scratch: string;
  readonly network: JobNetwork;
  readonly limits: JobLimits;
}

export type JobNetwork =
  /** A loopback of its own and nothing else: servers that tests start are reachable there, and nobody else's. */
  | { readonly kind: "private" }
  /** The same, and a proxy (HTTP CONNECT and plain HTTP) that reaches these hosts only; the usual variables name it to the job. `host` means port 443, or `host:port`. */
  | { readonly kind: "registries"; readonly hosts: readonly string[] }
  /** The machine's own network: for what an operator lets out. */
  | { readonly kind: "host" };

export interface JobLimits {
  /** Of all processes together. */
  readonly memoryBytes: number;
  readonly processes: number;
  /** Open files of each process. */
  readonly descriptors: number;
  /** In the scratch folder; and the size of any one file. */
  readonly diskBytes: number;
  /** Processors' worth of time; undefined: all of them. */
  readonly cpus?: number | undefined;
}

/** A job, where it runs, and what it may reach. */
export interface ConfinedJob extends JobSpec {
  readonly confinement: Confinement;
}

export type ConfinedResult = JobResult & {
  readonly confinedBy: ConfinedBy;
  /** A limit that ended it, in words; undefined where none did. The deadline is `kind: "timed-out"`. */
  readonly exceeded?: string;
};

/**
 * Runs a job in the sandbox that the settings name.
 *
 * @throws InstarError SANDBOX_WEAK where the least for its use is not enforced here and the operator has not allowed it; SANDBOX_FAILED where the
 *   sandbox's tool is gone or refuses
 */
export type RunConfined = (job: ConfinedJob) => Promise<ConfinedResult>;

/**
 * One way to confine a program. Obligations, which the contract tests for every adapter:
 * - `describe` says what was tried on this machine and seen, never what a manual promises;
 * - a program in it sees its arguments, its working folder, its environment and its exit status as it would outside;
 * - what `describe` calls enforced is enforced for every job, or `enter` throws;
 * - a tool that vanished since `describe` makes `enter`, or the job, fail: nothing then runs outside;
 * - `leave` removes everything that `enter` made, and may be called twice.
 */
export interface SandboxAdapter {
  readonly name: SandboxName;
  /** Whether a job in it has a root of its own, in which `Confinement.placed` is honoured. */
  readonly canPlace: boolean;
  /** Tried once while this process lives, unless asked `afresh`. */
  describe(options?: { readonly afresh?: boolean }): Promise<SandboxReport>;
  /** @throws InstarError SANDBOX_FAILED */
  enter(confinement: Confinement, program: EnteredProgram): Promise<Entered>;
}

export interface EnteredProgram {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
}

export interface Entered {
  /** What to start instead of the program: it starts the program inside. */
  readonly argv: readonly string[];
  /** What the program is to get: its own environment, and what the sandbox adds (a proxy's address). */
  readonly environment: Readonly<Record<string, string>>;
  /** Called with the pid under which all of the job's processes live. Resolves with a limit that was exceeded, or undefined when `leave` was called. It ends nothing itself. */
  watch(pid: number): Promise<string | undefined>;
  /** Asked after the program ended by exiting: false where the sandbox's tool never came to start it. Without it a tool's own failure passes for the program's. */
  hasStarted?(): Promise<boolean>;
  leave(): Promise<void>;
}

export interface SandboxChoice extends ConfinedBy {
  readonly canPlace: boolean;
  /** What is wholly enforced there. */
  readonly enforces: readonly SandboxAspect[];
}

/** A program in a sandbox that goes on running: a rehearsed agent. */
export interface ConfinedService {
  /** On this machine: all of its processes live under this pid. */
  readonly pid: number;
  /** Resolves when its program has ended by itself, by `end`, or by a limit. */
  readonly ended: Promise<ConfinedResult>;
  /** A connection to a port of the sandbox's own loopback, for `http.request({ createConnection })`. Fails as a refused connection does. */
  connect(port: number): Promise<Socket>;
  /** Runs another program beside it, in the very same sandbox. Output is cut at 1 MiB each. */
  exec(program: EnteredProgram & { readonly timeoutMs: number }): Promise<ExecResult>;
  /** Asks its program to end, and ends what is left after the grace. Calling it again tells the same. */
  end(options: { readonly signal: NodeJS.Signals; readonly graceMs: number }): Promise<ConfinedResult>;
}

export type ExecResult =
  | { readonly kind: "exited"; readonly status: number; readonly stdout: string; readonly stderr: string }
  | { readonly kind: "timed-out" | "signalled" | "not-started"; readonly because: string; readonly stdout: string; readonly stderr: string };

/** Starts a program in the sandbox that the settings name. Its output goes to the job's log. Errors as RunConfined. */
export type StartConfined = (job: Omit<ConfinedJob, "signal">) => Promise<ConfinedService>;
