import type { MissedPolicy, RunOutcome } from "@instar/protocol";
import type { Schedule } from "./parse-schedule.ts";

/** What a task does, with what it needs for that. */
export type TaskInput =
  | { readonly type: "check-for-updates"; readonly source: string | null }
  | { readonly type: "health-check" }
  | { readonly type: "log-cleanup"; readonly keepDays: number | null; readonly keepBytes: number | null }
  | { readonly type: "webhook"; readonly url: string; readonly body: string; readonly secretVariable: string | null }
  | { readonly type: "message"; readonly path: string; readonly text: string };

export interface TaskOwner {
  readonly type: "user" | "agent";
  readonly id: string;
}

/** What somebody asks for. */
export interface NewTask {
  readonly name: string;
  readonly input: TaskInput;
  readonly schedule: Schedule;
  /** How many runs come within one hour at most, counted when it was made. */
  readonly busiestHour: number;
  readonly missed: MissedPolicy;
  /** Longer than this no run may take. */
  readonly withinMs: number;
  /** After so many failures in a row it is paused. */
  readonly failuresAllowed: number;
  readonly createdBy: TaskOwner;
}

export interface Task extends NewTask {
  readonly id: string;
  readonly state: "active" | "paused";
  readonly pausedBecause: string | null;
  /** Wall time, ISO 8601. */
  readonly createdAt: string;
  /** Wall time up to which its due runs are answered for: begun, or passed over. */
  readonly settledMs: number;
  /** How many runs in a row have failed. */
  readonly failures: number;
}

/** One time that a task ran, or did not though it was due. Wall times. */
export interface TaskRun {
  readonly id: string;
  readonly task: string;
  readonly dueMs: number;
  readonly begunMs: number;
  readonly endedMs: number | null;
  readonly outcome: RunOutcome;
  readonly because: string;
}
