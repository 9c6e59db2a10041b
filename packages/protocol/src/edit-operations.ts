import { z } from "zod";
import { editLookView, editPlanInput } from "./edits.ts";
import { defineOperation, updateId } from "./operation.ts";
import { updateView } from "./update.ts";

const restart = z.boolean().default(false).describe("Start the agent again after the edits, while requests wait");

/** Files of the configuration, changed together. */
export const EDIT_OPERATIONS = [
  defineOperation({
    name: "edit.plan",
    kind: "command",
    summary: "What a plan of edits would change in the configuration, with nothing changed",
    input: z.strictObject({ ...editPlanInput, restart }),
    output: editLookView,
    positional: ["plan"],
    fileInput: "plan",
    offline: true,
  }),
  defineOperation({
    name: "edit.apply",
    kind: "command",
    summary: "Edit files of the configuration together: all of them, or none",
    input: z.strictObject({ ...editPlanInput, restart }),
    output: updateView,
    positional: ["plan"],
    fileInput: "plan",
    offline: false,
    dryRun: "edit.plan",
  }),
  defineOperation({
    name: "edit.undo",
    kind: "command",
    summary: "Take back what an update of the configuration edited, where nobody changed those files since",
    input: z.strictObject({
      update: updateId,
      restart: z.boolean().optional().describe("Start the agent again (default: as that update did)"),
    }),
    output: updateView,
    positional: ["update"],
    offline: false,
  }),
] as const;
