export interface PrunableSnapshot {
  readonly id: string;
  readonly state: "whole" | "unfinished" | "damaged";
  readonly takenAtMs: number;
}

/**
 * Which snapshots may go: all but the newest `keep` whole ones and those that are referenced. An unfinished one that nobody
 * refers to belongs to nobody, so an update that is taking one must be among the references. Damaged ones stay until a
 * person has looked: they are evidence, and may be all that is left.
 */
export function planPruneSnapshots(options: { snapshots: readonly PrunableSnapshot[]; keep: number; referenced: ReadonlySet<string> }): string[] {
  const whole = options.snapshots.filter((snapshot) => snapshot.state === "whole").sort((a, b) => b.takenAtMs - a.takenAtMs || (a.id < b.id ? 1 : -1));
  const newest = new Set(whole.slice(0, options.keep).map((snapshot) => snapshot.id));
  return options.snapshots
    .filter((snapshot) => snapshot.state !== "damaged" && !newest.has(snapshot.id) && !options.referenced.has(snapshot.id))
    .map((snapshot) => snapshot.id);
}
