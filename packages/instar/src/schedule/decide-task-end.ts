import type { Task } from "./task.ts";

/** How a run went. `interrupted`: Instar itself ended; that is no fault of the task. */
export interface TaskOutcome {
  readonly kind: "done" | "failed" | "interrupted";
  readonly because: string;
}

/** What a run's end makes of its task. `pausedBecause`: why it is paused now, by this; null where it is not. */
export interface TaskEnd {
  readonly failures: number;
  readonly pausedBecause: string | null;
}

export function decideTaskEnd(
  { failures, failuresAllowed, state }: Pick<Task, "failures" | "failuresAllowed" | "state">,
  { kind, because }: TaskOutcome,
): TaskEnd {
  if (kind === "done") return { failures: 0, pausedBecause: null };
  if (kind === "interrupted") return { failures, pausedBecause: null };
  const more = failures + 1;
  const isPaused = state === "active" && more >= failuresAllowed;
  return { failures: more, pausedBecause: isPaused ? `it failed ${more} times in a row, last because ${because}` : null };
}
