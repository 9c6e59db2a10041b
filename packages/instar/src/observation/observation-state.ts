import type { Verdict } from "@instar/protocol";
import type { CusumState } from "../statistics/cusum.ts";

/**
 * What the buckets of a version come to: plain JSON of a few KB, however long it is watched, so that it survives in the journal. A pure function of the
 * buckets: nothing in it was ever computed from anything else.
 */
export interface ObservationState {
  readonly buckets: number;
  /** Instance time of the newest bucket; null before the first. Time under watch is what buckets cover. */
  readonly lastTickMs: number | null;
  /** Wall time of the newest bucket: which hour of the old version it is compared with. */
  readonly lastWallMs: number | null;
  readonly countedMs: number;
  readonly errors: ErrorState;
  /** By level of triggers/latency-levels.ts. */
  readonly latency: readonly LatencyLevelState[];
  readonly health: HealthState;
  readonly serving: ServingState;
  readonly restarts: { readonly total: number; readonly recentTickMs: readonly number[] };
  readonly memory: GrowthState;
  readonly eventLoop: GrowthState;
  readonly heartbeat: HeartbeatState;
  readonly things: ThingsState;
  readonly damage: { readonly because: string; readonly looks: number } | null;
  /** By name: `log_errors` and the operator's own metrics. */
  readonly shifts: Readonly<Record<string, ShiftState>>;
  readonly silent: Readonly<Record<string, SilentSource>>;
  /** Alarms that hold until a person confirms, by trigger or trigger and metric. */
  readonly alarms: Readonly<Record<string, Alarm>>;
}

export interface Counts {
  readonly requests: number;
  readonly failed: number;
}

/** A bucket with requests, for the sliding windows. */
export interface RecentCounts extends Counts {
  readonly tickMs: number;
  /** Slower than each of the latency levels. */
  readonly slow: readonly number[];
  readonly beside: Counts | null;
}

export interface ErrorState {
  /** Null where the front never answered: not the same as no requests. */
  readonly total: Counts | null;
  /** When it last answered. */
  readonly lastTickMs: number | null;
  readonly beside: Counts | null;
  readonly recent: readonly RecentCounts[];
  /** Evidence that the share rose at any one point of the window, and that it is higher than beside it; logarithms by alternative. */
  readonly rise: readonly number[];
  readonly apart: readonly number[];
}

export interface LatencyLevelState {
  readonly requests: number;
  readonly slow: number;
  readonly besideRequests: number;
  readonly besideSlow: number;
  readonly rise: readonly number[];
  readonly apart: readonly number[];
}

export interface HealthState {
  readonly last: { readonly verdict: Verdict; readonly because: string } | null;
  readonly probes: number;
  /** Of the newest check; a pass grows old. */
  readonly lastTickMs: number | null;
  /** Instance times of the newest checks in a row that did not pass. */
  readonly unhealthyTickMs: readonly number[];
}

export interface ServingState {
  readonly last: boolean | null;
  readonly downSinceTickMs: number | null;
  readonly downLooks: number;
  /** A restart while it was down: it is given the time to come back. */
  readonly isRestarting: boolean;
}

/** Means over cells of equal length; neighbours are joined when there are too many, so that it stays small. */
export interface GrowthState {
  readonly cellMs: number;
  readonly cells: readonly number[];
  /** The cell that is being filled. */
  readonly open: { readonly coveredMs: number; readonly sum: number };
  /** What the complete cells come to; null before the first. */
  readonly growth: Growth | null;
}

export interface Growth {
  readonly isGrowing: boolean;
  readonly z: number;
  readonly zLimit: number;
  /** How much it grew in the part that is judged, of so many cells. */
  readonly grown: number;
  readonly cells: number;
  /** Where it is now, and what it must exceed: the most that the old version took, and the floor. */
  readonly level: number;
  readonly limit: number;
}

export interface HeartbeatState {
  readonly lastAgeMs: number | null;
  readonly missingSinceTickMs: number | null;
  readonly missingLooks: number;
}

export interface ThingsState {
  readonly asked: number;
  /** By "kind: name": what the old one had and this one lacks. */
  readonly missing: Readonly<Record<string, { readonly sinceTickMs: number; readonly looks: number }>>;
}

export interface ShiftState {
  readonly cusum: CusumState;
  readonly minutes: number;
  readonly open: { readonly coveredMs: number; readonly sum: number; readonly buckets: number };
}

/** A source that did not answer in the newest bucket. */
export interface SilentSource {
  readonly because: string;
  readonly sinceTickMs: number;
}

export interface Alarm {
  /** When it was raised, and when its cause was last seen: while that goes on it is the same alarm. */
  readonly sinceTickMs: number;
  readonly lastTickMs: number;
  readonly because: string;
}
