/**
 * What the SDK itself says, in lower case; a code in capitals is the daemon's (docs/errors.md of Instar).
 *
 * - `no-door`: INSTAR_DOOR is not set, or what it names is not there or cannot be read as a door
 * - `unreachable`: nobody answers there; nothing was sent
 * - `timed-out`: no answer in time, to a question that changes nothing
 * - `answer-lost`: the daemon was told, and its answer did not come: whether it was done is not known
 * - `answer-invalid`: what answers is not what this SDK understands
 * - `not-supported`: this daemon has no such operation
 * - `aborted`: the caller's own signal
 */
export type SdkCode = "no-door" | "unreachable" | "timed-out" | "answer-lost" | "answer-invalid" | "not-supported" | "aborted";

export interface CallErrorParts {
  readonly operation?: string;
  readonly status?: number;
  readonly advice?: string | undefined;
  readonly facts?: Readonly<Record<string, unknown>>;
  readonly transient?: boolean;
  readonly cause?: unknown;
}

/** A call that did not succeed. Recognise it by `InstarCallError.is`: two copies of this package may meet in one process. */
export class InstarCallError extends Error {
  /** One of `SdkCode`, or the daemon's own. A newer daemon may have codes that this SDK does not know. */
  readonly code: string;
  /** The operation's name, such as `code.deploy`; null where there was none. */
  readonly operation: string | null;
  /** The HTTP status, where there was an answer. */
  readonly status: number | null;
  /** What can be done, as a sentence. */
  readonly advice: string | undefined;
  readonly facts: Readonly<Record<string, unknown>>;
  /** The same call may succeed later without anybody changing anything, and may be made again without harm. */
  readonly transient: boolean;

  constructor(code: SdkCode | (string & {}), message: string, parts: CallErrorParts = {}) {
    super(message, parts.cause === undefined ? undefined : { cause: parts.cause });
    this.name = "InstarCallError";
    this.code = code;
    this.operation = parts.operation ?? null;
    this.status = parts.status ?? null;
    this.advice = parts.advice;
    this.facts = parts.facts ?? {};
    this.transient = parts.transient ?? false;
  }

  static is(error: unknown, code?: SdkCode | (string & {})): error is InstarCallError {
    return error instanceof Error && error.name === "InstarCallError" && (code === undefined || (error as InstarCallError).code === code);
  }
}
