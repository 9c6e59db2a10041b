import type { UpdateView } from "@instar/protocol";
import { ActionDialog } from "../../parts/action-dialog.tsx";

export function RejectAction({ update }: { readonly update: UpdateView }) {
  return (
    <ActionDialog
      operation="update.reject"
      label="Reject…"
      title={`Reject ${update.versionTo}`}
      confirm="Reject"
      tone="danger"
      says={<p>The update ends as refused, with your reason and your name. What serves now is not touched. The same release does not begin again by itself.</p>}
      fields={[{ name: "because", label: "Why", kind: "text", isRequired: true, help: "It stays with the update and on the ledger." }]}
      input={({ because = "" }) => ({ update: update.id, because })}
      done={(answer) => `You rejected ${answer.versionTo}.`}
    />
  );
}
