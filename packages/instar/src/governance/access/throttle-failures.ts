/** What is remembered of tries that failed, by the monotonic clock. */
export interface Failures {
  /** When the newest tries failed, oldest first; none while an episode lasts. */
  readonly atMs: readonly number[];
  readonly episode: { readonly pauses: number; readonly untilMs: number } | null;
}

export interface Throttled {
  readonly failures: Failures;
  /** How long whoever fails is to stay away; null while it is no more than somebody's mistake. */
  readonly retryAfterMs: number | null;
  /** True for the one try that an episode began with. */
  readonly beginsEpisode: boolean;
}

export const NO_FAILURES: Failures = { atMs: [], episode: null };
export const TRIES = 10;
const WITHIN_MS = 60_000;
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 300_000;
/** After a pause so long without a failure it is over, and who mistypes a token is a person again. */
const QUIET_MS = 600_000;

/**
 * What becomes of one more try that failed. Pure. After ten within a minute each pause is twice as long as the one before. It keeps nobody out who has
 * a token that counts: all come from this machine, and the agent must not lock its operator out by failing. A guess among 2^256 needs no keeping out; what
 * this does is to say so, once.
 */
export function throttleFailures({ atMs, episode }: Failures, nowMs: number): Throttled {
  if (episode !== null && nowMs < episode.untilMs) return { failures: { atMs, episode }, retryAfterMs: episode.untilMs - nowMs, beginsEpisode: false };
  if (episode !== null && nowMs < episode.untilMs + QUIET_MS) return pause(episode.pauses, nowMs);
  const recent = [...atMs.filter((failedMs) => failedMs > nowMs - WITHIN_MS), nowMs];
  return recent.length <= TRIES ? { failures: { atMs: recent, episode: null }, retryAfterMs: null, beginsEpisode: false } : pause(0, nowMs);
}

function pause(before: number, nowMs: number): Throttled {
  const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(before, 16), LONGEST_PAUSE_MS);
  return { failures: { atMs: [], episode: { pauses: before + 1, untilMs: nowMs + pauseMs } }, retryAfterMs: pauseMs, beginsEpisode: before === 0 };
}
