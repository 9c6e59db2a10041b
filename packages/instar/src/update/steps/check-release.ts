import type { ReleaseRecord } from "../../releases/release-record.ts";
import type { Gives, UpdateStart } from "../journal-entry.ts";
import { defineStep, type Step } from "../step.ts";
import type { StepRooms } from "../step-rooms.ts";
import { assureRelease, sayAssured } from "./assure-release.ts";
import { recordOf } from "./read-running.ts";

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
      return { kind: "done", gives: { release, digest: record.digest, assured: sayAssured(assured), ...(await readLeft(rooms, start, record)) } };
    },
    undo: { needless: "it only puts back what was there" },
    describe: (gives) => String(gives.assured ?? gives.release),
  });
}

/** What is left by going back: it does not come again by itself. An older one that is left for a newer one has done nothing wrong. */
async function readLeft(rooms: Pick<StepRooms, "releases">, start: UpdateStart, to: ReleaseRecord): Promise<Gives> {
  const left = start.trigger === "rollback" ? await recordOf(rooms, start.releaseFrom) : undefined;
  return left === undefined || left.sealedAt <= to.sealedAt ? {} : { leaves: left.digest };
}
