import type { StatusView } from "@instar/protocol";
import type { KeeperReport } from "../keeper/keeper-control.ts";
import { SLOTS } from "../keeper/keeper-state.ts";

type SlotLine = StatusView["slots"][number];

/** What the slots run and how each of them fares, the one that serves first. A slot that is to run nothing is left out. */
export function describeSlots(report: KeeperReport): SlotLine[] {
  const { routed, share, front } = report;
  return SLOTS.toSorted((left, right) => Number(right === routed) - Number(left === routed)).flatMap((slot): SlotLine[] => {
    const { release, version, alive, pid, startedAt, port, restarts, wanted } = report.slots[slot];
    if (release === null || (wanted === "stopped" && !alive)) return [];
    const counts = front?.counts.releases[release];
    const inTrial = share?.slot === slot ? share.of : 0;
    return [
      {
        ...{ slot, release, version, alive, pid, startedAt, port, restarts },
        role: slot === routed ? "serving" : inTrial > 0 ? "trial" : "beside",
        share: slot === routed ? 1 - (share?.of ?? 0) : inTrial,
        inFlight: front?.status.inFlight[slot] ?? 0,
        requests: counts?.requests ?? 0,
        failed: counts?.failed ?? 0,
        writes: counts?.writes ?? 0,
        medianMs: front?.latency[slot].medianMs ?? null,
        p99Ms: front?.latency[slot].p99Ms ?? null,
      },
    ];
  });
}
