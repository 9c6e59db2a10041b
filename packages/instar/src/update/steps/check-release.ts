import { describeDamage } from "../../releases/describe-damage.ts";
import { defineStep, type Step } from "../step.ts";
import type { StepRooms } from "../step-rooms.ts";
import { recordOf } from "./read-running.ts";

/** The first step of going back by hand: the release is still on disk and still what was sealed. */
export function checkReleaseStep({ releases }: StepRooms): Step {
  return defineStep({
    id: "check-release",
    version: 1,
    title: "Check that the release is still what was sealed",
    interruptible: true,
    probe: async () => ({ found: "absent" }),
    apply: async ({ start }) => {
      const release = start.existingRelease ?? "";
      const record = await recordOf({ releases }, release);
      if (record === undefined) return { kind: "refused", code: "NOT_FOUND", because: `release ${release} is no longer on disk` };
      const intact = await releases.verify(release);
      if (intact.kind === "damaged")
        return { kind: "refused", code: "RELEASE_DAMAGED", because: `release ${release} was changed on disk: ${describeDamage(intact)}` };
      return { kind: "done", gives: { release, digest: record.digest } };
    },
    undo: { needless: "it only reads" },
    describe: (gives) => `${String(gives.release)} is intact`,
  });
}
