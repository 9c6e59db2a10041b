import type { UpdateView } from "@instar/protocol";
import { ActionDialog } from "../../parts/action-dialog.tsx";
import { Text } from "../../parts/text.tsx";
import { hasExchanged } from "./plan-actions.ts";

export function CancelAction({ update }: { readonly update: UpdateView }) {
  return (
    <ActionDialog
      operation="update.cancel"
      label="Cancel…"
      title={`Cancel the update to ${update.versionTo}`}
      confirm="Cancel the update"
      tone="danger"
      says={<p>It stops at the next safe point and undoes what it did, step by step.</p>}
      preview={{
        operation: "update.show",
        input: () => ({ update: update.id }),
        render: (now) =>
          hasExchanged(now.steps) ? (
            <p>
              The new version serves already: <Text text={now.versionFrom ?? "the version before"} /> is put back, and requests wait for that moment.
            </p>
          ) : (
            <p>Nothing that serves was touched yet, and nothing of it will be.</p>
          ),
        refuses: (now) => (now.outcome === null ? null : "it has ended"),
      }}
      input={() => ({ update: update.id })}
      done={(now) => `The update to ${now.versionTo} is being cancelled.`}
    />
  );
}
