import { type Component, InstarError } from "@instar/protocol";
import type { StepContext } from "../step.ts";
import { defineStep, type Step } from "../step.ts";
import type { StepRooms } from "../step-rooms.ts";
import { takeBackup } from "../take-backup.ts";

/** The snapshot that was taken ahead, and the one that is whole and is put back where the agent is not well. */
export const aheadIdOf = (update: string) => `${update}-ahead`;

/**
 * Copies today's state while the agent still writes, so that little is left to read once requests wait. What this makes is not the way back: `put-back`
 * makes that when the agent is quiet.
 */
export function keepTodayStep(rooms: StepRooms): Step {
  return defineStep({
    id: "keep-today",
    version: 1,
    title: "Back up what is there today",
    interruptible: true,
    probe: async ({ update }) => ((await rooms.snapshots.isFinished(aheadIdOf(update))) ? { found: "present", gives: {} } : { found: "absent" }),
    apply: async (context) => {
      if (!context.start.overrides.restore?.components.includes("data") || rooms.stateDirectory === null) return { kind: "done", gives: {} };
      try {
        await backUpToday(rooms, context, aheadIdOf(context.update), ["data"], false);
      } catch (error) {
        // A database that is damaged, or a file that never holds still: once the agent has ended, they are kept as they are.
        if (!InstarError.is(error, "BACKUP_FAILED")) throw error;
        context.say(`not ahead: ${error.message}`);
      }
      return { kind: "done", gives: {} };
    },
    undo: async ({ update }) => {
      await rooms.snapshots.remove(aheadIdOf(update));
      return {};
    },
    describe: () => "",
  });
}

/** Tagged, so that it stays until a person has seen that nothing of it is missed. */
export async function backUpToday(rooms: StepRooms, context: StepContext, id: string, components: readonly Component[], isQuiet: boolean): Promise<void> {
  const { start, update, signal, say } = context;
  if (await rooms.snapshots.isFinished(id)) return;
  const running = start.releaseFrom === null ? null : { release: start.releaseFrom, version: start.versionFrom ?? "", commit: start.commit };
  await takeBackup(rooms, {
    id,
    kind: "incremental",
    components,
    tags: isQuiet ? ["before-restore"] : [],
    because: `what was there before backup ${start.overrides.restore?.backup ?? "?"} was restored`,
    update,
    running,
    isQuiet,
    signal,
    onProgress: ({ line, files }) => say(files === 0 ? line : `${line}: ${files} files`),
  });
}
