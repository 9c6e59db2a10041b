import type { Verdict } from "@instar/protocol";

/** The specification's five (`self-updating-loop` §6.3), and what an agent dies of besides. */
export type Trigger =
  | "health_check_failure"
  | "error_rate_spike"
  | "performance_degradation"
  | "service_unavailable"
  | "manual_trigger"
  | "crash_loop"
  | "memory_growth"
  | "event_loop_growth"
  | "missing_heartbeat"
  | "things_dropped"
  | "files_changed"
  | "log_errors"
  | "metric_shift"
  | "judge_blind";

/** What one trigger makes of what was seen so far. */
export interface TriggerFinding {
  readonly trigger: Trigger;
  /** What follows where the verdict is `fail`: back at once, hold for a person, or only said. */
  readonly gate: "rollback" | "pause" | "report";
  readonly verdict: Verdict;
  /** A sentence that an operator understands. */
  readonly because: string;
  /** What was computed, the confidence bound that it is judged by, and what it is held to; null where nothing could be. */
  readonly statistic: number | null;
  readonly bound: number | null;
  readonly threshold: number;
  /** Of what was counted: requests, probes, minutes. */
  readonly samples: number;
  /** When another look can tell more. */
  readonly nextLookMs: number;
  /** Of an alarm: instance time at which it was raised. A person who confirmed later knows of it. */
  readonly raisedAtTickMs: number | null;
}
