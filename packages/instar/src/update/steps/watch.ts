import type { Gives } from "../journal-entry.ts";
import { pinWatch } from "../observed/pinned-watch.ts";
import { defineStep, type Step } from "../step.ts";
import type { StepRooms } from "../step-rooms.ts";
import { observe } from "./observe.ts";

/**
 * Watches the new version in service. Each look is journalled with all that was seen, so the verdict can be computed again by
 * anybody; only time in which a daemon looked counts.
 */
export function watchStep(rooms: StepRooms): Step {
  return defineStep({
    id: "watch",
    version: 1,
    title: "Watch it in service",
    interruptible: true,
    probe: async () => ({ found: "absent" }),
    apply: async (context) => {
      const { servedAtTickMs } = context.given;
      const observed = await observe(rooms, context, pinWatch(rooms, context, "watch", typeof servedAtTickMs === "number" ? servedAtTickMs : context.tickMs()));
      if (observed.kind !== "passed") return observed;
      const { errors, countedMs } = observed.state;
      return {
        kind: "done",
        gives: {
          watched: observed.because,
          watchedRequests: errors.total?.requests ?? 0,
          watchedFailed: errors.total?.failed ?? 0,
          watchedMs: Math.round(countedMs),
          ...observed.noted,
        } satisfies Gives,
      };
    },
    undo: { needless: "it only looks" },
    describe: (gives) => String(gives.watched),
  });
}
