import { readStateSize } from "../../backups/read-state-size.ts";
import { decideUpdate } from "../../governance/decide-update.ts";
import { readFreeBytes } from "../../platform/disk-space.ts";
import { patternOf } from "../fold-incidents.ts";
import { defineStep, type Step } from "../step.ts";
import type { StepRooms } from "../step-rooms.ts";

/** Decides whether the candidate may be exchanged, when the evidence is there and nothing has been touched yet. */
export function decideStep(rooms: StepRooms): Step {
  return defineStep({
    id: "decide",
    version: 1,
    title: "Decide whether it may proceed",
    interruptible: true,
    probe: async () => ({ found: "absent" }),
    apply: async ({ update, start, given }) => {
      const integrity = await rooms.releases.verify(String(given.release));
      const decision = decideUpdate({
        tests: { verdict: given.tests === "pass" ? "pass" : "nodata", because: String(given.testsBecause) },
        isIntact: integrity.kind === "intact",
        reviewBecause: given.requiresReview === true ? `its impact is ${String(given.impactLevel)}: ${String(given.impactBecause)}` : null,
        isReviewRequired: rooms.settings.analysis.review === "required",
        trigger: start.trigger,
        isUntestedAllowed: start.overrides.untested ?? false,
        stateBytes: rooms.stateDirectory === null ? 0 : await readStateSize(rooms.stateDirectory),
        freeBytes: await readFreeBytes(rooms.folder),
      });
      if (decision.kind === "refused") return { kind: "refused", code: decision.code, because: decision.because };
      // Shown to people, and to whoever decides: it lets nothing through and stops nothing by itself.
      return { kind: "done", gives: { decision: decision.because, lessons: [...rooms.lessons(patternOf(given.impact), update)] } };
    },
    undo: { needless: "it only reads" },
    describe: (gives) => [String(gives.decision), ...((gives.lessons ?? []) as readonly string[])].join("; "),
  });
}
