import { InstarError } from "@instar/protocol";
import type { StepContext } from "../step.ts";
import type { StepRooms } from "../step-rooms.ts";
import { editsIdOf, editsOf } from "./edits-of.ts";

/**
 * Going back to a moment takes the configuration along: it is edited while the version that goes has stopped, or cares no more, and before the other one starts.
 * Killed in here, whoever comes next goes on, and the way back takes it all back.
 */
export async function exchangeEdits(rooms: StepRooms, context: StepContext): Promise<void> {
  if (context.start.edits !== undefined) await editsOf(rooms).apply(editsIdOf(context));
}

/**
 * The version that comes back finds the configuration that it had. Where somebody has changed a file meanwhile nothing of it is overwritten: the version is
 * started all the same, since people wait, and the error is the caller's to throw once it serves.
 */
export async function exchangeEditsBack(rooms: StepRooms, context: StepContext): Promise<InstarError | undefined> {
  if (context.start.edits === undefined) return undefined;
  try {
    await editsOf(rooms).undo(editsIdOf(context));
    return undefined;
  } catch (error) {
    if (InstarError.is(error, "ROLLBACK_FAILED")) return error;
    throw error;
  }
}
