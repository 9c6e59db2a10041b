import type { UpdateView } from "@instar/protocol";
import { useOperation } from "../../data/use-operation.ts";
import { ActionDialog } from "../../parts/action-dialog.tsx";
import { Code } from "../../parts/code.tsx";
import { Text } from "../../parts/text.tsx";
import { hasExchanged } from "./plan-actions.ts";

/** A person's word over the digest that was looked at: another release than the one on the page is not approved by it. */
export function ApproveAction({ update }: { readonly update: UpdateView }) {
  const { data } = useOperation("approval.list", {});
  const approval = data?.approvals.find((each) => each.update === update.id);
  const counted = approval?.answers.filter(({ counts }) => counts).length ?? 0;
  return (
    <ActionDialog
      operation="update.approve"
      label="Approve…"
      title={`Approve ${update.versionTo}`}
      confirm="Approve"
      tone="primary"
      blockedBecause={data !== undefined && approval === undefined ? "It does not wait for approval." : null}
      says={
        <>
          <p>
            Your word is written into the journal and the ledger under your name
            {approval !== undefined && `, as ${counted + 1} of ${approval.quorum}`}.{" "}
            {approval !== undefined && counted + 1 >= approval.quorum ? "It is enough: the update then goes on at once, as far as the calendar lets it." : ""}
          </p>
          {approval?.digest != null && (
            <p className="quiet">
              It holds for the release <Code text={approval.digest} /> and no other.
            </p>
          )}
        </>
      }
      preview={{
        operation: "update.show",
        input: () => ({ update: update.id }),
        render: WhatFollows,
        refuses: (now) =>
          now.outcome === null && now.steps.some(({ id, state }) => id === "approve" && state === "waiting") ? null : "it waits for nobody any more",
      }}
      fields={[{ name: "because", label: "Comment", kind: "text", help: "For whoever reads it later." }]}
      input={({ because = "" }) => ({ update: update.id, because, ...(approval?.digest == null ? {} : { digest: approval.digest }) })}
      done={(answer) => `You approved ${answer.versionTo}.`}
    />
  );
}

/** The steps that come after a yes. */
function WhatFollows(now: UpdateView) {
  const ahead = now.steps.filter(({ state }) => state === "ahead");
  return (
    <>
      <p>Then {hasExchanged(now.steps) ? "it goes on with" : "come"}:</p>
      <ol>
        {ahead.map(({ id, title }) => (
          <li key={id}>
            <Text text={title} />
          </li>
        ))}
      </ol>
    </>
  );
}
