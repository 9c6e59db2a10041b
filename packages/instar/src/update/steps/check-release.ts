import { defineStep, type Step } from "../step.ts";
import type { StepRooms } from "../step-rooms.ts";
import { assureRelease, sayAssured } from "./assure-release.ts";

/** The first step of going back by hand: the release is what was sealed, or is put back from the copy that is kept of it. */
export function checkReleaseStep(rooms: StepRooms): Step {
  return defineStep({
    id: "check-release",
    version: 1,
    title: "Check that the release is still what was sealed",
    interruptible: true,
    probe: async () => ({ found: "absent" }),
    apply: async (context) => {
      const { start } = context;
      const release = start.existingRelease ?? "";
      const assured = await assureRelease(rooms, context, release, "whole");
      if (assured.kind === "gone") return { kind: "refused", code: "NOT_FOUND", because: assured.because };
      if (assured.kind === "damaged") return { kind: "refused", code: "RELEASE_DAMAGED", because: assured.because };
      const record = await rooms.releases.readRecord(release);
      return { kind: "done", gives: { release, digest: record.digest, assured: sayAssured(assured) } };
    },
    undo: { needless: "it only puts back what was there" },
    describe: (gives) => String(gives.assured ?? gives.release),
  });
}
