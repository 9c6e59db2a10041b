import { ERROR_CODES, type ErrorCode } from "./error-codes.ts";

export type Facts = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

export interface ErrorParts {
  readonly cause?: unknown;
  /** Ids, paths, sizes: what a reader needs to look further. Never a secret. */
  readonly facts?: Facts;
  /** What the operator can do, as a sentence. */
  readonly advice?: string;
  /** True where the same call may succeed later without anybody changing anything. */
  readonly transient?: boolean;
}

/**
 * The one error of Instar. `message` is our own sentence and never the cause's text; the chain is rendered once, at the
 * face. Recognise it by `InstarError.is`, not by instanceof: two copies of this package may meet in one process.
 */
export class InstarError extends Error {
  readonly code: ErrorCode;
  readonly facts: Facts;
  readonly advice: string | undefined;
  readonly transient: boolean;

  constructor(code: ErrorCode, message: string, parts: ErrorParts = {}) {
    super(message, parts.cause === undefined ? undefined : { cause: parts.cause });
    this.name = "InstarError";
    this.code = code;
    this.facts = parts.facts ?? {};
    this.advice = parts.advice;
    this.transient = parts.transient ?? false;
  }

  static is(error: unknown, code?: ErrorCode): error is InstarError {
    return error instanceof Error && error.name === "InstarError" && (code === undefined || (error as InstarError).code === code);
  }
}

/** RFC 9457, with our members beside the standard ones. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode | "UNEXPECTED";
  readonly number?: number;
  readonly facts?: Facts;
  readonly advice?: string;
  readonly causes?: readonly string[];
}

/** Any error as problem+json. An error that is not ours shows its message only among the causes. */
export function renderProblem(error: unknown): Problem {
  if (!InstarError.is(error))
    return {
      type: "about:blank",
      title: "Unexpected error",
      status: 500,
      detail: "Instar met an error that it does not know",
      code: "UNEXPECTED",
      causes: causesOf({ cause: error }),
    };
  const known = ERROR_CODES[error.code];
  const causes = causesOf(error);
  return {
    type: `https://instar.invalid/errors#${error.code}`,
    title: known.title,
    status: known.status,
    detail: error.message,
    code: error.code,
    number: known.number,
    ...(Object.keys(error.facts).length > 0 ? { facts: error.facts } : {}),
    ...(error.advice === undefined ? {} : { advice: error.advice }),
    ...(causes.length > 0 ? { causes } : {}),
  };
}

/** The error that a problem was made from, on the other side of the wire. */
export function parseProblem(problem: Problem): InstarError | Error {
  if (!(problem.code in ERROR_CODES)) return new Error(problem.detail);
  return new InstarError(problem.code as ErrorCode, problem.detail, {
    ...(problem.facts === undefined ? {} : { facts: problem.facts }),
    ...(problem.advice === undefined ? {} : { advice: problem.advice }),
    ...(problem.causes?.[0] === undefined ? {} : { cause: new Error(problem.causes[0]) }),
  });
}

/** The CLI's exit status for an error: 1 where it is not ours. */
export function exitStatusOf(error: unknown): number {
  return InstarError.is(error) ? ERROR_CODES[error.code].exit : 1;
}

function causesOf(error: { cause?: unknown }): string[] {
  const causes: string[] = [];
  for (let cause = error.cause; cause !== undefined && causes.length < 8; cause = (cause as { cause?: unknown } | null)?.cause)
    causes.push(cause instanceof Error ? cause.message : String(cause));
  return causes;
}
