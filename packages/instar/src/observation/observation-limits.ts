import type { Risk } from "@instar/protocol";
import type { Trigger } from "./triggers/trigger-finding.ts";

/** What becomes of a version that was never measured enough: kept and said to be unverified, held for a person, or taken back. */
export type UnverifiedPolicy = "keep" | "hold" | "roll-back";

/** What a new version is held to while it is watched. Pinned when the watch begins, and recorded: a verdict is computed from it again. */
export interface ObservationLimits {
  /** The release under watch. Buckets of any other are passed over. */
  readonly release: string;
  readonly risk: Risk;
  /** Time under watch that a pass takes, and to how much it is extended where evidence is missing. Instance time. */
  readonly windowMs: number;
  readonly maxMs: number;
  /** Requests that a pass takes; 0 where there is no traffic to measure and health is the evidence. */
  readonly requests: number;
  /** In (0, 1): the largest share of failures that is allowed. */
  readonly errorShare: number;
  /** Times the old version's latency that are allowed. */
  readonly slowdown: number;
  /** How old a heartbeat may be; null where none is asked for. */
  readonly heartbeatWithinMs: number | null;
  readonly onUnverified: UnverifiedPolicy;
  /** What the operator wants done about a trigger instead of what its finding says by itself. */
  readonly gates?: Readonly<Partial<Record<Trigger, Gate>>>;
}

export type Gate = "rollback" | "pause" | "report" | "off";
