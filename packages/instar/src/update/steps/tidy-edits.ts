import type { Edits } from "../../edits/edits.ts";
import { defineStep, type Step } from "../step.ts";
import { editsIdOf } from "./edits-of.ts";

/** Takes away what was only needed on the way. The inverse stays, so that `instar edit undo` can go back later. */
export function tidyEditsStep(edits: Edits): Step {
  return defineStep({
    id: "tidy-edits",
    version: 1,
    title: "Commit",
    interruptible: false,
    probe: async () => ({ found: "absent" }),
    apply: async (context) => ({ kind: "done", gives: { left: (await edits.tidy(editsIdOf(context))).left } }),
    undo: { needless: "what it removes, nothing needs" },
    describe: ({ left }) =>
      (left as readonly string[]).length === 0
        ? ""
        : `somebody wrote into the old file while it was replaced: that is kept as ${(left as readonly string[]).join(", ")}`,
  });
}
