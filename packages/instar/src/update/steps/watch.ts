import { longestWatchMs } from "../../settings/watch-settings.ts";
import type { countsOf } from "../exchange.ts";
import type { Gives } from "../journal-entry.ts";
import { defineStep, type Step } from "../step.ts";
import type { StepRooms } from "../step-rooms.ts";
import { observe } from "./observe.ts";

/**
 * Watches the new version in service. Each look is journalled with what was counted, so the verdict can be computed again by
 * anybody; only time in which a daemon looked counts.
 */
export function watchStep(rooms: StepRooms): Step {
  const { settings } = rooms;
  const limits = {
    timeMs: longestWatchMs(settings.watch),
    requests: settings.front === undefined ? 0 : settings.watch.requests,
    errorShare: settings.watch.errorShare,
  };
  return defineStep({
    id: "watch",
    version: 1,
    title: "Watch it in service",
    interruptible: true,
    probe: async () => ({ found: "absent" }),
    apply: async (context) => {
      const { before, since } = context.given as { before?: Counted; since?: Counted };
      const observed = await observe(rooms, context, limits, { before: before ?? NOTHING, since: since ?? NOTHING });
      if (observed.kind !== "passed") return observed;
      const { requests, failed, countedMs } = observed.evidence;
      return {
        kind: "done",
        gives: { watched: observed.because, watchedRequests: requests, watchedFailed: failed, watchedMs: Math.round(countedMs) } satisfies Gives,
      };
    },
    undo: { needless: "it only looks" },
    describe: (gives) => String(gives.watched),
  });
}

type Counted = ReturnType<typeof countsOf>;
const NOTHING: Counted = { requests: 0, failed: 0, writes: 0 };
