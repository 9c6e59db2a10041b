import type { KeeperReport, KeeperSlotReport } from "../../keeper/keeper-control.ts";
import { SLOTS, type SlotName } from "../../keeper/keeper-state.ts";
import type { CountsSoFar, FrontReading } from "../../observation/gather/differ-front.ts";

/** A version that requests reach now, and the one beside it that others meet in a trial. */
export interface ObservedSlot {
  readonly release: string;
  readonly slot: KeeperSlotReport;
  readonly beside: string | null;
  /** Null where nobody can tell: the front cannot listen, or requests are held in an exchange. Neither is the version's. */
  readonly isServing: boolean | null;
}

/** What the keeper says of the versions that are met. Pure. */
export function listObserved(report: KeeperReport): ObservedSlot[] {
  const { routed, share, holding, front } = report;
  const isReachable = !holding && (front === null || front.listening);
  const describe = (name: SlotName | null, beside: SlotName | null): ObservedSlot[] => {
    const slot = name === null ? undefined : report.slots[name];
    if (slot === undefined || slot.release === null || slot.wanted !== "running") return [];
    return [{ release: slot.release, slot, beside: beside === null ? null : report.slots[beside].release, isServing: isReachable ? slot.alive : null }];
  };
  return [...describe(routed, null), ...describe(share?.slot ?? null, routed)];
}

/** Which start of the agent runs in a slot. */
export const runOf = ({ pid, startedAt, restarts }: KeeperSlotReport): string => `${startedAt ?? ""} ${restarts} ${pid ?? ""}`;

export function readingOf(report: KeeperReport): FrontReading | null {
  if (report.front === null) return null;
  const { releases } = report.front.counts;
  const counted = Object.entries(releases).map(([release, { requests, failed, writes, latency }]): [string, CountsSoFar] => [
    release,
    { requests, failed, writes, latency },
  ]);
  return { keeper: `${report.pid} ${report.startedAt}`, releases: Object.fromEntries(counted) };
}

export const releasesInSlots = (report: KeeperReport): ReadonlySet<string> => new Set(SLOTS.flatMap((name) => report.slots[name].release ?? []));
