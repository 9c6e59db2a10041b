import type { EditPlan } from "../edits/edit.ts";
import { planInverseEdits } from "../edits/plan-inverse-edits.ts";
import type { JournalEntry } from "./journal-entry.ts";
import { startOf } from "./run-update.ts";
import type { StepRooms } from "./step-rooms.ts";
import { editsOf } from "./steps/edits-of.ts";

export type InverseEdits =
  | { readonly kind: "planned"; readonly plan: EditPlan }
  | { readonly kind: "refused"; readonly code: "CONFLICT" | "NOT_FOUND"; readonly because: string };

/**
 * The edits that take back an update of the configuration that stayed: *incremental undo*. Each expects what that update left, so where somebody changed a
 * file since, they are refused before anything is touched and name it (`Edits.look` says so beforehand).
 */
export async function readInverseEdits(
  rooms: Pick<StepRooms, "settings" | "settingsFolder" | "folder" | "readPolicies">,
  journal: readonly JournalEntry[],
): Promise<InverseEdits> {
  const { update, start } = startOf(journal);
  if (start.edits === undefined) return { kind: "refused", code: "CONFLICT", because: `update ${update} did not edit the configuration` };
  const last = journal.at(-1);
  const outcome = last?.kind === "ended" ? last.outcome : "under way";
  if (outcome !== "committed") return { kind: "refused", code: "CONFLICT", because: `update ${update} left nothing to take back: it is ${outcome}` };
  const { store } = editsOf(rooms);
  const { id, because, restart } = start.edits;
  if (!(await store.isKept(id)))
    return {
      kind: "refused",
      code: "NOT_FOUND",
      because: `what update ${update} took away is no longer kept: only the newest updates of the configuration can be undone`,
    };
  const { changes } = await store.readPrepared(id);
  const plan = planInverseEdits(changes, (index) => store.placeOfOld(id, index), { because: `take back ${update}: ${because}`, restart });
  return { kind: "planned", plan };
}
