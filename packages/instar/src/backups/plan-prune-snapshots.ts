import type { SnapshotInfo } from "./snapshot-store.ts";

export interface PrunableSnapshot {
  readonly id: string;
  readonly state: "whole" | "unfinished" | "damaged";
  readonly takenAtMs: number;
  readonly tags: readonly string[];
}

export function prunablesOf(infos: readonly SnapshotInfo[]): PrunableSnapshot[] {
  return infos.map((info) => ({ id: info.id, state: info.state, takenAtMs: info.takenAtMs, tags: info.state === "whole" ? info.about.tags : [] }));
}

export interface PruneRules {
  /** How many whole ones without a tag stay, newest first. */
  readonly keep: number;
  /** Those that are older go too, but never the newest. */
  readonly keepDays?: number | undefined;
  readonly nowMs: number;
  /** What the way back, an unfinished update, a restore or a backup under way refers to. */
  readonly referenced: ReadonlySet<string>;
}

export interface Prunable {
  readonly id: string;
  readonly because: string;
}

/**
 * Which snapshots may go by themselves. An unfinished one that nobody refers to belongs to nobody, so whoever is taking one must be among the
 * references. A tag keeps until a person takes it away. Damaged ones stay until a person has looked: they are evidence, and may be all that is left. Pure.
 */
export function planPruneSnapshots(snapshots: readonly PrunableSnapshot[], { keep, keepDays, nowMs, referenced }: PruneRules): Prunable[] {
  const whole = snapshots.filter(({ state }) => state === "whole").toSorted((a, b) => b.takenAtMs - a.takenAtMs || (a.id < b.id ? 1 : -1));
  const counted = whole.filter(({ tags }) => tags.length === 0);
  return snapshots.flatMap((snapshot): Prunable[] => {
    const { id, state, takenAtMs } = snapshot;
    if (referenced.has(id) || state === "damaged" || whole[0]?.id === id) return [];
    if (state === "unfinished") return [{ id, because: "it was never finished" }];
    if (snapshot.tags.length > 0) return [];
    if (counted.indexOf(snapshot) >= keep) return [{ id, because: `${keep} newer ones are kept` }];
    if (keepDays !== undefined && nowMs - takenAtMs > keepDays * DAY_MS) return [{ id, because: `it is older than ${keepDays} days` }];
    return [];
  });
}

/** What a person names goes whatever keeps it, but for what is needed to go back. Pure. */
export function planRemoveSnapshots(
  snapshots: readonly PrunableSnapshot[],
  named: { readonly tag?: string | undefined; readonly id?: string | undefined },
  referenced: ReadonlySet<string>,
): { readonly remove: readonly Prunable[]; readonly needed: readonly string[] } {
  const asked = snapshots.filter(({ id, tags }) => id === named.id || (named.tag !== undefined && tags.includes(named.tag)));
  const because = named.tag === undefined ? "it was named" : `it has the tag ${named.tag}`;
  return {
    remove: asked.filter(({ id }) => !referenced.has(id)).map(({ id }) => ({ id, because })),
    needed: asked.filter(({ id }) => referenced.has(id)).map(({ id }) => id),
  };
}

const DAY_MS = 86_400_000;
