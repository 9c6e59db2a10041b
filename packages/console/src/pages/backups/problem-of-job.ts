import { type BackupJob, ERROR_CODES, type ErrorCode, type Problem, parseProblem } from "@instar/protocol";

/** What a job failed with, as any other error. */
export function problemOfJob(problem: NonNullable<BackupJob["problem"]>): Error {
  const known = problem.code in ERROR_CODES ? (problem.code as ErrorCode) : "UNEXPECTED";
  return parseProblem({ ...(problem as unknown as Problem), code: known, detail: problem.detail });
}
