import { type EditLookView, type Implementations, InstarError } from "@instar/protocol";
import { beginEdits } from "../daemon/begin-edits.ts";
import { parseEditPlan } from "../edits/parse-edit-plan.ts";
import type { PlannedEdit } from "../edits/plan-edits.ts";
import { renderDifference } from "../edits/render-difference.ts";
import { readInverseEdits } from "../update/read-inverse-edits.ts";
import { editsOf } from "../update/steps/edits-of.ts";
import type { OperationContext } from "./context.ts";
import { findUpdate, readUpdate } from "./updates.ts";

export function implementEdits(context: OperationContext): Pick<Implementations, "edit.plan" | "edit.apply" | "edit.undo"> {
  const { instance, actor } = context;
  return {
    "edit.plan": async ({ plan, base }) => {
      const parsed = parseEditPlan(plan);
      const looked = await editsOf(instance.rooms).look(parsed, base ?? null);
      if (looked.kind === "refused") return { verdict: "fail", because: looked.because, restart: parsed.restart, changes: [] };
      const because = looked.needless.join("; ") || "it can be applied";
      return { verdict: "pass", because, restart: parsed.restart, changes: looked.changes.map(renderChange) };
    },
    "edit.apply": async ({ plan, base, restart }) => {
      assertDaemon(context);
      const parsed = parseEditPlan(plan);
      return readUpdate(instance, await beginEdits(instance, { ...parsed, restart: parsed.restart || restart }, { actor, base: base ?? null }));
    },
    "edit.undo": async ({ update, restart }) => {
      assertDaemon(context);
      const undoes = findUpdate(instance, update);
      const inverse = await readInverseEdits(instance.rooms, instance.journal.read(undoes));
      if (inverse.kind === "refused")
        throw new InstarError(inverse.code, inverse.because, {
          advice: "`instar update list` shows the updates; `instar rollback` goes back to another version.",
        });
      const plan = { ...inverse.plan, restart: restart ?? inverse.plan.restart };
      return readUpdate(instance, await beginEdits(instance, plan, { actor, base: null, undoes }));
    },
  };
}

function renderChange(planned: PlannedEdit): EditLookView["changes"][number] {
  const { change } = planned;
  const [before, after] = change.kind === "file" ? [change.before, change.after] : [null, null];
  return { path: change.path, edit: change.edit, before: before?.digest ?? null, after: after?.digest ?? null, difference: renderDifference(planned) };
}

/** @throws InstarError NOT_RUNNING */
function assertDaemon({ daemon, instance }: OperationContext): void {
  if (daemon === undefined) throw new InstarError("NOT_RUNNING", `Instar does not run for ${instance.name}`, { advice: "Start it with `instar up`." });
}
