import { mkdir } from "node:fs/promises";
import { InstarError } from "@instar/protocol";
import { ensureReserve } from "../../platform/disk-space.ts";
import { reservePathOf } from "../../platform/with-reserve.ts";
import { defineStep, type Step } from "../step.ts";
import type { StepRooms } from "../step-rooms.ts";

/**
 * Copies the state ahead while the agent still writes, so that only the difference is left for the hold. What this makes is no
 * snapshot yet: `switch` finishes it when the agent is quiet.
 */
export function backUpStep(rooms: StepRooms): Step {
  const { settings, stateDirectory, snapshots, folder } = rooms;
  return defineStep({
    id: "back-up",
    version: 1,
    title: "Copy the state ahead",
    interruptible: true,
    probe: async () => ({ found: "absent" }),
    apply: async ({ update, start, given, signal, say }) => {
      await ensureReserve(reservePathOf(folder), settings.keep.reserve);
      await keepReleases(rooms, [start.wayBack, typeof given.release === "string" ? given.release : null], signal, say);
      if (stateDirectory === null || settings.state.kind !== "exclusive") return { kind: "done", gives: { snapshot: null } };
      // A first version has no state yet: an empty folder is what its way back restores.
      await mkdir(stateDirectory, { recursive: true });
      await snapshots.copyAhead(update, stateDirectory, { signal, onProgress: ({ files }) => say(`${files} files copied`) });
      return { kind: "done", gives: { snapshot: update } };
    },
    // A finished snapshot stays until it is pruned: it may be all that is left of a state. An unfinished one is of no use.
    undo: async ({ update }) => {
      if (!(await snapshots.isFinished(update))) await snapshots.remove(update);
      return {};
    },
    describe: (gives) => (gives.snapshot === null ? "no state of its own" : `copied ahead as snapshot ${String(gives.snapshot)}`),
  });
}

/** A copy of what comes and of what it goes back to: a way back does not hang on files that something else can change. */
async function keepReleases({ keptReleases }: StepRooms, wanted: readonly (string | null)[], signal: AbortSignal, say: (line: string) => void): Promise<void> {
  for (const release of new Set(wanted))
    if (release !== null && !keptReleases.isKept(release))
      try {
        await keptReleases.keep(release, { signal, onFiles: (files) => say(`${files} files of release ${release} copied`) });
      } catch (error) {
        // One that is damaged is no copy worth keeping; that it is, others say and act on.
        if (!InstarError.is(error, "RELEASE_DAMAGED") && !InstarError.is(error, "NOT_FOUND")) throw error;
        say(error.message);
      }
}
