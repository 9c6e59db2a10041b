import type { ApprovalView, MetricsView, OperationName, RollbackPlan, StatusView, UpdateView } from "@instar/protocol";

/** What an instance says of itself at one moment. Of anybody's words only `printable` ones are in it. */
export interface Reading {
  readonly status: StatusView;
  /** Newest first; without evidence but for the newest. */
  readonly updates: readonly UpdateView[];
  /** Newest first. */
  readonly approvals: readonly ApprovalView[];
  /** The update that is looked at: the chosen one, or the newest. */
  readonly update: UpdateView | null;
  /** Null where no version is watched. */
  readonly metrics: MetricsView | null;
}

/** What an update's jobs wrote so far, as far as it is kept. */
export interface WatchLog {
  readonly update: string | null;
  /** Bytes of it that are known. */
  readonly from: number;
  /** Lines of it that were read so far; of them the last ones are kept. */
  readonly total: number;
  readonly lines: readonly string[];
}

export const NO_LOG: WatchLog = { update: null, from: 0, total: 0, lines: [] };

/** What came of asking. */
export type Heard =
  | { readonly kind: "reading"; readonly reading: Reading; readonly log: WatchLog }
  /** From the disk, in place of a daemon that is away. */
  | { readonly kind: "disk"; readonly reading: Reading; readonly because: string }
  | { readonly kind: "silence"; readonly because: string };

/** One thing that can be asked for from the keyboard, with what a person is told and asked before it is sent. */
export interface PlannedCommand {
  readonly operation: OperationName;
  readonly input: Readonly<Record<string, string>>;
  /** As a question that is answered by yes or no. */
  readonly question: string;
  /** What will happen, a sentence a line. */
  readonly will: readonly string[];
  /** What must be typed instead of a y, where a slip of a finger would cost too much. */
  readonly mustType: string | null;
  /** Whether the person's reasons belong to it. */
  readonly why: "none" | "needed";
}

export type Question =
  /** What going back would do is being worked out. */
  | { readonly stage: "plan" }
  | Asked<"why">
  | Asked<"sure">
  /** It is on its way, and cannot be taken back. */
  | Asked<"sent">;

interface Asked<Stage extends string> {
  readonly stage: Stage;
  readonly command: PlannedCommand;
  readonly why: string;
  readonly typed: string;
}

export type Pane =
  | { readonly kind: "live" | "help" | "evidence" }
  /** Lines that were scrolled back from the end; 0 follows it. */
  | { readonly kind: "log"; readonly back: number }
  /** Null: it is being read. */
  | { readonly kind: "details"; readonly update: string; readonly lines: readonly string[] | null; readonly at: number };

/** How the front fares, from what two readings in a row counted. */
export interface Traffic {
  readonly requests: number;
  readonly failed: number;
  readonly atMs: number;
  /** Requests a second, and of those that failed; null before the second reading. */
  readonly perSecond: number | null;
  readonly failedPerSecond: number | null;
}

export interface WatchState {
  readonly reading: Reading | null;
  readonly log: WatchLog;
  readonly traffic: Traffic | null;
  /** Wall time of the last answer of a daemon; before the first, of when it was asked. */
  readonly heardAtMs: number;
  /** Since when none answers, and why; null while one does. */
  readonly away: { readonly sinceMs: number; readonly because: string } | null;
  /** An update's id; null: the newest. */
  readonly chosen: string | null;
  readonly pane: Pane;
  readonly question: Question | null;
  /** What came of the last command. */
  readonly said: { readonly tone: "good" | "bad" | "plain"; readonly text: string } | null;
}

export const firstState = (chosen: string | null, nowMs: number): WatchState => ({
  reading: null,
  log: NO_LOG,
  traffic: null,
  heardAtMs: nowMs,
  away: null,
  chosen,
  pane: { kind: "live" },
  question: null,
  said: null,
});

/** What the keyboard asks the outside for. */
export type Effect =
  | { readonly do: "quit" }
  | { readonly do: "plan-rollback" }
  | { readonly do: "read-details"; readonly update: string }
  | { readonly do: "send"; readonly command: PlannedCommand; readonly why: string };

/** What the outside answers to it. */
export type Answer =
  | { readonly to: "plan-rollback"; readonly plan: RollbackPlan }
  | { readonly to: "read-details"; readonly update: string; readonly lines: readonly string[] }
  | { readonly to: "send"; readonly text: string }
  | { readonly to: Effect["do"]; readonly failed: string };
