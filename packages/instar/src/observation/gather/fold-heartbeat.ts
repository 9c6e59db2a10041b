/** What is known of a heartbeat file: since when, in instance time, it has not changed. */
export interface HeartbeatSeen {
  /** Which start of the agent. */
  readonly run: string;
  readonly modifiedMs: number | null;
  readonly sinceTickMs: number;
}

/**
 * How old a heartbeat is, by the time that Instar saw it unchanged: a wall clock that jumps makes no heartbeat old, and none young. Only at the first sight the wall
 * clock is all there is. A start of the agent counts as a heartbeat: it may take its time to the first one.
 */
export function foldHeartbeat(
  before: HeartbeatSeen | null,
  now: { readonly run: string; readonly startedAtMs: number; readonly modifiedMs: number | null; readonly tickMs: number; readonly wallMs: number },
): { readonly seen: HeartbeatSeen; readonly ageMs: number } {
  const { run, modifiedMs, tickMs } = now;
  const since = (sinceTickMs: number) => ({ seen: { run, modifiedMs, sinceTickMs }, ageMs: Math.max(0, tickMs - sinceTickMs) });
  if (before === null) return since(tickMs - Math.max(0, now.wallMs - Math.max(modifiedMs ?? 0, now.startedAtMs)));
  if (before.run !== run || before.modifiedMs !== modifiedMs) return since(tickMs);
  return since(before.sinceTickMs);
}
