/**
 * How often each of the gates that roll back may do so without a reason in one window of a healthy version, however often it is looked at. Together below
 * 0.05 (the sum bounds the chance that any of them does). What is not here asks for facts, not for chance: not serving, things that are gone, files that are
 * not as sealed, a heartbeat that stays away.
 */
export const ROLLBACK_ALPHA = {
  /** The share of failures rose at some point of the window. */
  errorsRose: 0.01,
  /** It is beyond the allowed one over the whole window. */
  errorsOverall: 0.01,
  /** It is higher than that of the version beside. */
  errorsBeside: 0.005,
  /** Each of the levels of latency: against what was before, and beside. */
  latency: 0.0015,
  health: 0.01,
  restarts: 0.0025,
} as const;

/** The same for what holds for a person: all alarms together. */
export const ALARM_ALPHA = {
  errorsDoubled: 0.01,
  latency: 0.005,
  growth: 0.0025,
  /** Shared by the log and all of the operator's metrics. */
  shifts: 0.02,
} as const;
