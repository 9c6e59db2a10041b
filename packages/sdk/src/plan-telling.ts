import type { Deployment, UpdateOutcome } from "./views.ts";

/** A deployment that has ended. */
export interface EndedDeployment extends Deployment {
  readonly outcome: UpdateOutcome;
}

/**
 * Whom this process tells of what, oldest first. While two versions run, only the one that serves is told: the other would acknowledge what its successor must know, and a
 * rehearsed candidate what nobody has done yet.
 *
 * @param own this process's release; null where it does not know
 * @param serving the release that serves; null where the daemon does not say
 */
export function planTelling(
  deployments: readonly Deployment[],
  { own, serving }: { readonly own: string | null; readonly serving: string | null },
): EndedDeployment[] {
  if (own !== null && serving !== null && own !== serving) return [];
  return deployments.filter((each): each is EndedDeployment => each.outcome !== null && !each.isAcknowledged).toReversed();
}
