import type { CounterReading } from "../../observation/gather/differ-counter.ts";
import type { FrontReading } from "../../observation/gather/differ-front.ts";
import type { HeartbeatSeen } from "../../observation/gather/fold-heartbeat.ts";
import type { LogPlace } from "../../observation/gather/read-log-errors.ts";

/** What the next span is counted from. Kept with each bucket, in its transaction: a daemon that comes back counts on from where the last bucket ended. */
export interface KeptReadings {
  readonly front: FrontReading | null;
  readonly releases: Readonly<Record<string, KeptOfRelease>>;
}
export interface KeptOfRelease {
  readonly restarts: number;
  readonly log: LogPlace | null;
  readonly heartbeat: HeartbeatSeen | null;
  readonly counters: Readonly<Record<string, CounterReading>>;
}

export const NO_READINGS: KeptReadings = { front: null, releases: {} };
