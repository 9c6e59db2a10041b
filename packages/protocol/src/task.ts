import { z } from "zod";

/** What a task can do; the specification's `task_type`. */
export const TASK_TYPES = ["check-for-updates", "health-check", "log-cleanup", "webhook", "message"] as const;
export type TaskType = (typeof TASK_TYPES)[number];

/** What becomes of runs that were due while nothing ran: none is made up for, one for all of them, or each (24 at most). */
export const MISSED_POLICIES = ["skip", "once", "all"] as const;
export type MissedPolicy = (typeof MISSED_POLICIES)[number];

export const RUN_OUTCOMES = ["running", "done", "failed", "skipped"] as const;
export type RunOutcome = (typeof RUN_OUTCOMES)[number];

export const taskRunView = z.object({
  id: z.string(),
  dueAt: z.string(),
  begunAt: z.string(),
  endedAt: z.string().nullable(),
  outcome: z.enum(RUN_OUTCOMES),
  because: z.string(),
});
export type TaskRunView = z.output<typeof taskRunView>;

export const taskView = z.object({
  id: z.string(),
  name: z.string(),
  type: z.enum(TASK_TYPES),
  cron: z.string().nullable(),
  timeZone: z.string().nullable().describe("Of the cron expression"),
  everyMs: z.number().nullable(),
  missed: z.enum(MISSED_POLICIES),
  withinMs: z.number().describe("How long one run may take"),
  failuresAllowed: z.int().describe("After so many failures in a row it is paused"),
  does: z.string().describe("What it does, in words; of an address only where it leads"),
  state: z.enum(["active", "paused"]),
  pausedBecause: z.string().nullable(),
  failures: z.int().describe("How many runs in a row have failed"),
  createdAt: z.string(),
  createdBy: z.object({ type: z.enum(["user", "agent"]), id: z.string() }),
  nextAt: z.string().nullable().describe("When it runs next; null while it is paused"),
});
export type TaskView = z.output<typeof taskView>;
