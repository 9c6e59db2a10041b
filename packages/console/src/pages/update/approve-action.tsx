import type { ApprovalView, UpdateView } from "@instar/protocol";
import { useOperation } from "../../data/use-operation.ts";
import { ActionDialog, type ActionValues } from "../../parts/action-dialog.tsx";
import { Code } from "../../parts/code.tsx";
import { Text } from "../../parts/text.tsx";
import { signApproval } from "../../passkeys/sign-approval.ts";
import { hasExchanged } from "./plan-actions.ts";

/** A person's word over the digest that was looked at: another release than the one on the page is not approved by it. */
export function ApproveAction({ update }: { readonly update: UpdateView }) {
  const { data } = useOperation("approval.list", {});
  const approval = data?.approvals.find((each) => each.update === update.id);
  const counted = approval?.answers.filter(({ counts }) => counts).length ?? 0;
  const digest = approval?.digest ?? undefined;
  const dialog = {
    label: "Approve…",
    title: `Approve ${update.versionTo}`,
    tone: "primary",
    blockedBecause: data !== undefined && approval === undefined ? "It does not wait for approval." : null,
    says: (
      <>
        <p>
          Your word is written into the journal and the ledger under your name
          {approval !== undefined && `, as ${counted + 1} of ${approval.quorum}`}.{" "}
          {approval !== undefined && counted + 1 >= approval.quorum ? "It is enough: the update then goes on at once, as far as the calendar lets it." : ""}
        </p>
        {digest !== undefined && (
          <p className="quiet">
            It holds for the release <Code text={digest} /> and no other.
          </p>
        )}
        {approval?.passkey && (
          <p>Your device then asks who you are: your passkey signs exactly this, and the signature stands on the ledger beside your name.</p>
        )}
      </>
    ),
    preview: {
      operation: "update.show",
      input: () => ({ update: update.id }),
      render: WhatFollows,
      refuses: (now: UpdateView) =>
        now.outcome === null && now.steps.some(({ id, state }) => id === "approve" && state === "waiting") ? null : "it waits for nobody any more",
    },
    fields: [{ name: "because", label: "Comment", kind: "text", help: "For whoever reads it later." }],
    done: (answer: ApprovalView) => `You approved ${answer.versionTo}.`,
  } as const;
  if (approval?.passkey && digest !== undefined)
    return (
      <ActionDialog
        {...dialog}
        operation="passkey.approve"
        confirm="Approve with your passkey"
        input={({ because = "" }: ActionValues) => signApproval({ update: update.id, digest, because })}
      />
    );
  return (
    <ActionDialog
      {...dialog}
      operation="update.approve"
      confirm="Approve"
      input={({ because = "" }: ActionValues) => ({ update: update.id, because, ...(digest === undefined ? {} : { digest }) })}
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
