import { InstarError } from "@instar/protocol";
import type { EditPlan } from "../edits/edit.ts";
import type { UpdateId, UpdateStart } from "../update/journal-entry.ts";
import { editsOf } from "../update/steps/edits-of.ts";
import { beginUpdate } from "./begin-update.ts";
import { type Instance, readStanding } from "./instance.ts";

export interface EditsAsked {
  readonly actor: UpdateStart["actor"];
  /** Where relative paths of `from` count from; null where nobody said. */
  readonly base: string | null;
  /** The update that is taken back. */
  readonly undoes?: UpdateId;
}

/**
 * Begins an update of the configuration.
 * @throws InstarError CONFLICT where another update has not ended; INPUT_INVALID where a file that the plan names cannot be read; DISK_FULL
 */
export async function beginEdits(instance: Instance, plan: EditPlan, { actor, base, undoes }: EditsAsked): Promise<UpdateId> {
  const [open] = instance.journal.unfinished();
  if (open !== undefined)
    throw new InstarError("CONFLICT", `update ${open} is under way`, { facts: { update: open }, advice: "Wait for it, or `instar update cancel`." });
  const { running, committed } = readStanding(instance);
  // Put down before the update begins: a crash in between leaves a folder that no update names, and it is swept.
  const id = await editsOf(instance.rooms).store.stage(plan, base);
  return beginUpdate(instance, {
    kind: "configuration",
    target: instance.name,
    commit: running?.commit ?? "",
    ref: "configuration",
    versionFrom: running?.version ?? null,
    versionTo: running?.version ?? "nothing",
    releaseFrom: running?.release ?? null,
    wayBack: committed?.release ?? null,
    trigger: "by-hand",
    actor,
    overrides: {},
    edits: { id, because: plan.because, restart: plan.restart, ...(undoes === undefined ? {} : { undoes }) },
  });
}
