import { planImpact } from "../../analysis/plan-impact.ts";
import { classifyBump } from "../../sources/classify-bump.ts";
import { defineStep, type Step } from "../step.ts";
import type { StepRooms } from "../step-rooms.ts";
import { commitOf } from "./read-running.ts";

/** Works out what the change touches, from the two commits alone. */
export function analyseStep(rooms: StepRooms): Step {
  return defineStep({
    id: "analyse",
    version: 1,
    title: "Work out what the change touches",
    interruptible: true,
    probe: async () => ({ found: "absent" }),
    apply: async ({ start, signal }) => {
      const running = await commitOf(rooms, start.releaseFrom);
      const files = await rooms.source.diff(running, start.commit, signal);
      const bump = start.versionFrom === null ? "first" : classifyBump(start.versionFrom, start.versionTo);
      const impact = planImpact(files, { bump, lockfiles: rooms.settings.install?.lockfiles ?? [] });
      return {
        kind: "done",
        gives: { filesChanged: impact.filesChanged, bump: impact.bump, risk: impact.risk, updateType: impact.updateType, factors: impact.factors },
      };
    },
    undo: { needless: "it only reads" },
    describe: (gives) =>
      `${String(gives.filesChanged)} files, ${String(gives.bump)} bump, risk ${String(gives.risk)}: ${(gives.factors as readonly string[]).join("; ")}`,
  });
}
