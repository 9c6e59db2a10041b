import type { Step } from "./step.ts";
import type { StepRooms } from "./step-rooms.ts";
import { applyEditsStep } from "./steps/apply-edits.ts";
import { confirmAgentStep } from "./steps/confirm-agent.ts";
import { editsOf } from "./steps/edits-of.ts";
import { keepBeforeStep } from "./steps/keep-before.ts";
import { prepareEditsStep } from "./steps/prepare-edits.ts";
import { startAgentStep, stopAgentStep } from "./steps/restart-agent.ts";
import { tidyEditsStep } from "./steps/tidy-edits.ts";

/** The steps of an update of the configuration. A person asked for it, so nothing is left to decide. */
export function defineConfigurationUpdate(rooms: StepRooms, { restart }: { readonly restart: boolean }, edits = editsOf(rooms)): Step[] {
  return [
    prepareEditsStep(rooms, edits),
    keepBeforeStep(edits),
    ...(restart ? [stopAgentStep(rooms)] : []),
    applyEditsStep(rooms, edits),
    ...(restart ? [startAgentStep(rooms, edits)] : []),
    confirmAgentStep(rooms),
    tidyEditsStep(edits),
  ];
}
