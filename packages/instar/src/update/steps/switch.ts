import { Exchange, slotOf } from "../exchange.ts";
import { defineStep, type Step } from "../step.ts";
import type { StepRooms } from "../step-rooms.ts";
import { blueGreenWayBack, runBlueGreen } from "./blue-green.ts";
import { measureBaseline, readBaseline } from "./exchange-baseline.ts";
import { recreateWayBack, runRecreate } from "./recreate.ts";

/** The exchange. Everything before it is invisible from outside; from here on a failure is a rollback. How it goes was settled when the update began. */
export function switchStep(rooms: StepRooms): Step {
  return defineStep({
    id: "switch",
    version: 1,
    title: "Exchange old for new",
    exchanges: true,
    interruptible: false,
    probe: async (context) => {
      const { given } = context;
      const report = await new Exchange(rooms, context).report();
      const slot = slotOf(report, String(given.release));
      const isServing = slot !== undefined && report.routed === slot && !report.holding && report.slots[slot].alive && report.slots[slot].wanted === "running";
      if (!isServing) return { found: slot === undefined ? "absent" : "partial" };
      return {
        found: "present",
        gives: { slot, ...(readBaseline(rooms, context) ?? measureBaseline(context, report)), servedAtTickMs: Math.round(context.tickMs()) },
      };
    },
    apply: async (context) => {
      const done = await (context.start.strategy === "blue-green" ? runBlueGreen(rooms, context) : runRecreate(rooms, context));
      return done.kind === "done" ? { ...done, gives: { ...done.gives, servedAtTickMs: Math.round(context.tickMs()) } } : done;
    },
    undo: (context) => (context.start.strategy === "blue-green" ? blueGreenWayBack(rooms, context) : recreateWayBack(rooms, context)),
    describe: (gives) =>
      typeof gives.tookMs === "number" ? `served from slot ${String(gives.slot)} after ${gives.tookMs} ms` : `served from slot ${String(gives.slot)}`,
  });
}
