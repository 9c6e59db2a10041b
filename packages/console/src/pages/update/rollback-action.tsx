import type { UpdateView } from "@instar/protocol";
import { ActionDialog, type ActionValues } from "../../parts/action-dialog.tsx";
import { PlannedRollback } from "../../parts/planned-rollback.tsx";

/** Back to the version that this update replaced, with what that would cost said first. */
export function RollbackAction({ update }: { readonly update: UpdateView }) {
  const target = update.releaseFrom;
  return (
    <ActionDialog
      operation="rollback"
      label="Roll back…"
      title={`Go back to ${update.versionFrom ?? "the version before"}`}
      confirm="Go back"
      tone="danger"
      blockedBecause={target === null ? "It was the first version: there is nothing before it." : null}
      says={<p>The version before is put in the place of what serves, by an update of its own that is watched like any other.</p>}
      preview={{
        operation: "rollback.plan",
        input: (values) => inputOf(target, values),
        render: (plan) => <PlannedRollback plan={plan} />,
        refuses: (plan) => (plan.verdict === "fail" ? plan.because : null),
      }}
      fields={[
        { name: "withState", label: "Put the state of then back too", kind: "check", help: "Today's is kept aside." },
        { name: "quarantined", label: "Also to a release that misbehaved, or was left, before", kind: "check" },
      ]}
      input={(values) => inputOf(target, values)}
      done={(begun) => `Going back to ${begun.versionTo} has begun.`}
    />
  );
}

const inputOf = (target: string | null, values: ActionValues) => ({
  ...(target === null ? {} : { to: target }),
  withState: values.withState === "true",
  quarantined: values.quarantined === "true",
});
