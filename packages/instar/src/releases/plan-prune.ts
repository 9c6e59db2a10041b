import type { ReleaseRecord } from "./release-record.ts";

export interface PruneQuestion {
  readonly releases: readonly ReleaseRecord[];
  /** So many of the newest stay. */
  readonly newest: number;
  /** What something still needs: the running slot, an open update, a snapshot. */
  readonly referenced: ReadonlySet<string>;
}

export interface PrunePlan {
  /** Oldest first. */
  readonly remove: readonly string[];
  readonly keep: readonly { readonly id: string; readonly because: string }[];
}

/** Which sealed releases go: all but the newest, what is referred to, and what a release referred to would go back to. Pure. */
export function planPrune({ releases, newest, referenced }: PruneQuestion): PrunePlan {
  const byAge = releases.toSorted((a, b) => (a.sealedAt < b.sealedAt ? -1 : a.sealedAt > b.sealedAt ? 1 : a.id < b.id ? -1 : 1));
  const fresh = new Set(byAge.slice(Math.max(0, byAge.length - newest)).map((release) => release.id));
  const waysBack = new Set(byAge.flatMap(({ id, wayBack }) => (referenced.has(id) && wayBack !== null ? [wayBack.release] : [])));
  const reasonFor = (id: string): string | undefined => {
    if (referenced.has(id)) return "it is in use";
    if (waysBack.has(id)) return "a release in use goes back to it";
    return fresh.has(id) ? `it is among the ${newest} newest` : undefined;
  };
  const judged = byAge.map(({ id }) => ({ id, because: reasonFor(id) }));
  return {
    remove: judged.flatMap(({ id, because }) => (because === undefined ? [id] : [])),
    keep: judged.flatMap(({ id, because }) => (because === undefined ? [] : [{ id, because }])),
  };
}
