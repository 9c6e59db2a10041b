import { describeDamage } from "../../releases/describe-damage.ts";
import type { ReleaseRecord } from "../../releases/release-record.ts";
import type { Gives, UpdateStart } from "../journal-entry.ts";
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
      return { kind: "done", gives: { release, digest: record.digest, ...(await readLeft({ releases }, start, record)) } };
    },
    undo: { needless: "it only reads" },
    describe: (gives) => `${String(gives.release)} is intact`,
  });
}

/** What is left by going back: it does not come again by itself. An older one that is left for a newer one has done nothing wrong. */
async function readLeft(rooms: Pick<StepRooms, "releases">, start: UpdateStart, to: ReleaseRecord): Promise<Gives> {
  const left = start.trigger === "rollback" ? await recordOf(rooms, start.releaseFrom) : undefined;
  return left === undefined || left.sealedAt <= to.sealedAt ? {} : { leaves: left.digest };
}
