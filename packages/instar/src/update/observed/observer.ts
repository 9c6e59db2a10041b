import type { MetricsRecord } from "../../observation/gather/metrics-record.ts";

/** What a look showed of a version since the span began: enough to see that the span should end now. */
export interface Glimpse {
  readonly coveredMs: number;
  readonly requests: number;
  readonly failed: number;
  readonly restarts: number;
  readonly isServing: boolean | null;
}

/**
 * Sees to the versions that requests reach: asks, counts, and records what it saw as buckets, one after the other, whoever wants them. Calls follow each other, so no count is
 * taken twice.
 */
export interface Observer {
  readonly record: MetricsRecord;
  /** Looks, and records nothing. @returns undefined where the release is not among those that requests reach, as far as anybody knows */
  look(release: string): Promise<Glimpse | undefined>;
  /**
   * Looks, ends the span and records what was seen in it.
   * @returns `unrecorded` on a full disk: the span goes on, and what it counted is in the next one
   */
  close(): Promise<"recorded" | "unrecorded">;
  /** Called by the daemon every few seconds, also between updates: so there is a baseline from before. Where somebody watches, that one closes. */
  tend(): Promise<void>;
}
