import type { Edits } from "../../edits/edits.ts";
import { defineStep, type Step } from "../step.ts";
import { editsIdOf } from "./edits-of.ts";

/** Keeps the inverse of the edits: what each file holds, its mode, owner and time, or that there is none. Durable before the first write. */
export function keepBeforeStep(edits: Edits): Step {
  return defineStep({
    id: "keep-before",
    version: 1,
    title: "Keep what the edits take away",
    interruptible: true,
    probe: async (context) => ((await edits.store.isKept(editsIdOf(context))) ? { found: "present", gives: {} } : { found: "absent" }),
    apply: async (context) => {
      const changed = await edits.keep(editsIdOf(context));
      return changed === undefined ? { kind: "done", gives: {} } : { kind: "refused", code: "EDIT_CONFLICT", because: changed };
    },
    undo: { needless: "what it writes is in Instar's own folder" },
    describe: () => "",
  });
}
