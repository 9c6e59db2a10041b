const FIRST_MS = 250;
const LONGEST_MS = 5_000;

/** How long to wait before the stream is tried again: soon at first, for a daemon that restarts, and never so seldom that a person would reload. */
export function planRetryMs(failures: number): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 10));
}
