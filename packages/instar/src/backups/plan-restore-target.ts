export interface RestorableSnapshot {
  readonly id: string;
  readonly state: "whole" | "unfinished" | "damaged";
  readonly takenAtMs: number;
  /** Null where it was not written down. */
  readonly version: string | null;
  readonly update: string | null;
}

export interface RestoreTarget {
  readonly backup?: string | undefined;
  readonly version?: string | undefined;
  readonly atMs?: number | undefined;
  readonly update?: string | undefined;
}

export type ChosenTarget = { readonly kind: "found"; readonly id: string } | { readonly kind: "none"; readonly because: string };

/** Which snapshot is meant: an id, the newest of a version, the newest at or before a time, an update's, or the newest whole one. Pure. */
export function planRestoreTarget(snapshots: readonly RestorableSnapshot[], target: RestoreTarget): ChosenTarget {
  const asked = Object.entries(target).filter(([, value]) => value !== undefined);
  if (asked.length > 1) return none(`only one of ${asked.map(([name]) => name.replace("atMs", "at")).join(", ")} can say which backup is meant`);
  if (target.backup !== undefined) return byId(snapshots, target.backup);
  const whole = snapshots.filter(({ state }) => state === "whole").toSorted((a, b) => b.takenAtMs - a.takenAtMs || (a.id < b.id ? 1 : -1));
  const { version, atMs, update } = target;
  if (version !== undefined) return newest(whole, (found) => found.version === version, `no backup was taken while ${version} ran`);
  if (atMs !== undefined) return newest(whole, ({ takenAtMs }) => takenAtMs <= atMs, `no backup is as old as ${new Date(atMs).toISOString()}`);
  if (update !== undefined)
    return newest(
      whole,
      (found) => found.id.startsWith(update) || (found.update?.startsWith(update) ?? false),
      `update ${update} took no backup that is still there`,
    );
  return newest(whole, () => true, "there is no whole backup");
}

function byId(snapshots: readonly RestorableSnapshot[], prefix: string): ChosenTarget {
  const exact = snapshots.find(({ id }) => id === prefix);
  const matches = exact === undefined ? snapshots.filter(({ id }) => id.startsWith(prefix)) : [exact];
  const [only] = matches;
  if (only === undefined) return none(`there is no backup ${prefix}`);
  if (matches.length > 1)
    return none(
      `${prefix} could be ${matches
        .slice(0, 4)
        .map(({ id }) => id)
        .join(", ")}`,
    );
  if (only.state === "unfinished") return none(`backup ${only.id} was never finished`);
  return { kind: "found", id: only.id };
}

function newest(whole: readonly RestorableSnapshot[], fits: (snapshot: RestorableSnapshot) => boolean, because: string): ChosenTarget {
  const found = whole.find(fits);
  return found === undefined ? none(because) : { kind: "found", id: found.id };
}

const none = (because: string): ChosenTarget => ({ kind: "none", because });
