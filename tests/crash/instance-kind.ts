/** How the instance under test exchanges versions. */
export interface InstanceKind {
  readonly strategy: "recreate" | "blue-green";
  /** Of blue-green: the old version stays up until the commit. */
  readonly isWarm: boolean;
  /** Of blue-green: a share of the callers meets the new version first. */
  readonly hasTrial: boolean;
}

export const RECREATE: InstanceKind = { strategy: "recreate", isWarm: false, hasTrial: false };
export const WARM: InstanceKind = { strategy: "blue-green", isWarm: true, hasTrial: false };
export const COLD: InstanceKind = { strategy: "blue-green", isWarm: false, hasTrial: false };
export const WARM_TRIAL: InstanceKind = { strategy: "blue-green", isWarm: true, hasTrial: true };
export const COLD_TRIAL: InstanceKind = { strategy: "blue-green", isWarm: false, hasTrial: true };

/** What `instar.yaml` says of it. The smoke check lies on a path of its own: the agent notes who asked it what. */
export function renderExchange(kind: InstanceKind): object {
  const smoke = [{ path: "/smoke" }];
  if (kind.strategy === "recreate") return { strategy: "recreate", smoke };
  return {
    strategy: "blue-green",
    warm: kind.isWarm,
    drain: "2s",
    smoke,
    // Longer than three looks, so that one that stalls does not end it: each trial is seen waiting.
    ...(kind.hasTrial ? { trial: { share: 0.3, time: "3500ms", requests: 5 } } : {}),
  };
}

/** A trial's requests count for the window after it: with more to wait for, the window does not pass before anybody looked at it. */
export function watchedRequestsOf({ hasTrial }: InstanceKind): number {
  return hasTrial ? 200 : 20;
}

export function nameOf({ strategy, isWarm, hasTrial }: InstanceKind): string {
  return strategy === "recreate" ? strategy : `${strategy}, ${isWarm ? "warm" : "cold"}${hasTrial ? ", with a trial" : ""}`;
}
