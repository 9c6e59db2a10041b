/** A timer is not much finer than that, and a loop has other things to do: rather larger groups than shorter steps. */
const STEP_MIN_MS = 20;

/**
 * Who is told to reconnect when. They are spread over the first three quarters of the time, so that the agent that they come
 * back to is not asked by all at once, and the last have a quarter left to answer. Where the steps would come too fast the groups
 * are larger than wanted, never later. As long as there is more than one group, not all are told at once.
 */
export function planRetirement({ count, group, withinMs }: { count: number; group: number; withinMs: number }): { size: number; afterMs: number }[] {
  const tellingMs = (Math.max(0, withinMs) * 3) / 4;
  const wantedSize = Math.max(1, Math.floor(group));
  const wantedSteps = Math.ceil(count / wantedSize);
  const steps = Math.min(wantedSteps, Math.max(2, Math.floor(tellingMs / STEP_MIN_MS)));
  const size = steps === wantedSteps ? wantedSize : Math.ceil(count / steps);
  return Array.from({ length: steps }, (_, step) => ({ size: Math.min(size, count - step * size), afterMs: (tellingMs * step) / steps })).filter(
    (planned) => planned.size > 0,
  );
}
