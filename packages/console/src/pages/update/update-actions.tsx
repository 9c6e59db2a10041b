import type { UpdateView } from "@instar/protocol";
import { ActionGroup } from "../../parts/action-group.tsx";
import { ApproveAction } from "./approve-action.tsx";
import { CancelAction } from "./cancel-action.tsx";
import { ConfirmAction } from "./confirm-action.tsx";
import { planActions } from "./plan-actions.ts";
import { RejectAction } from "./reject-action.tsx";
import { ResolveAction } from "./resolve-action.tsx";
import { RollbackAction } from "./rollback-action.tsx";
import { HoldAction, PinAction, SkipAction } from "./version-actions.tsx";

/** What can be said to an update as it is now. What makes no sense is not there; what somebody else may do is there, with the reason why not you. */
export function UpdateActions({ update }: { readonly update: UpdateView }) {
  const can = planActions(update);
  return (
    <ActionGroup label="What you can do">
      {can.approve && <ApproveAction update={update} />}
      {can.approve && <RejectAction update={update} />}
      {can.confirm && <ConfirmAction update={update} />}
      {can.resolve && <ResolveAction update={update} />}
      {can.rollback && <RollbackAction update={update} />}
      {can.cancel && <CancelAction update={update} />}
      {can.hold && <HoldAction />}
      {can.mark && <SkipAction version={update.versionTo} />}
      {can.mark && <PinAction version={update.versionTo} />}
    </ActionGroup>
  );
}
