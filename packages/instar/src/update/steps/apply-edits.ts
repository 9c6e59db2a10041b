import { InstarError } from "@instar/protocol";
import type { Edits } from "../../edits/edits.ts";
import { defineStep, type Step } from "../step.ts";
import type { StepRooms } from "../step-rooms.ts";
import { editsIdOf } from "./edits-of.ts";
import { serveMeanwhile } from "./restart-agent.ts";

/**
 * Makes the edits, file by file, each whole at every moment. Killed anywhere, what is done is found again by looking, and the rest is done or all is
 * taken back.
 */
export function applyEditsStep(rooms: StepRooms, edits: Edits): Step {
  return defineStep({
    id: "apply-edits",
    version: 1,
    title: "Write the edits",
    exchanges: true,
    interruptible: false,
    probe: async () => ({ found: "absent" }),
    apply: async (context) => {
      const { changes } = await edits.apply(editsIdOf(context));
      return { kind: "done", gives: { changed: changes.length } };
    },
    undo: async (context) => {
      try {
        return { stays: (await edits.undo(editsIdOf(context))).kept };
      } catch (error) {
        // A person must decide, and may take long: meanwhile requests meet the agent as it is, rather than a hold that nobody ends.
        if (InstarError.is(error, "ROLLBACK_FAILED")) await serveMeanwhile(rooms, context);
        throw error;
      }
    },
    describe: ({ changed }) => (changed === 0 ? "all is so already" : changed === 1 ? "one change" : `${String(changed)} changes`),
  });
}
