import type { Command } from "../settings/settings.ts";

/** One version of the agent, started aside on a copy of the state, in a sandbox of its own. */
export interface RehearsedAgent {
  readonly version: string;
  /** Asks its port. Silence, a broken answer and an answer that does not end within the time are `silent`. */
  ask(question: Question): Promise<Answer>;
  /** Runs a program beside it in the same sandbox; fills in {port}, {state} and {release} as they are for this version. */
  run(command: Command, timeoutMs: number): Promise<RunAnswer>;
  isAlive(): boolean;
  /** Of all its processes together, as the system outside counts them; undefined where it cannot be told. */
  readUsage(): Promise<Usage | undefined>;
  /** The event loop's delay since the last call, where the agent runs on Node; undefined elsewhere. */
  readEventLoop(): Promise<EventLoopDelay | undefined>;
  /** Everything it has written so far, its newest MiB. */
  readLog(): Promise<string>;
}

export interface Question {
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly timeoutMs: number;
}

export type Answer =
  | { readonly kind: "answered"; readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: string; readonly tookMs: number }
  | { readonly kind: "silent"; readonly because: string; readonly tookMs: number };

export type RunAnswer = { readonly kind: "exited"; readonly status: number; readonly output: string } | { readonly kind: "failed"; readonly because: string };

export interface Usage {
  readonly residentBytes: number;
  /** Since it started. */
  readonly cpuMs: number;
}

export interface EventLoopDelay {
  readonly p99Ms: number;
  readonly samples: number;
}
