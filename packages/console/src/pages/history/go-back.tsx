import type { OutputOf } from "@instar/protocol";
import { ActionDialog, type ActionValues } from "../../parts/action-dialog.tsx";
import { PlannedRollback } from "../../parts/planned-rollback.tsx";

type Release = OutputOf<"history">["releases"][number];

const inputOf = ({ to, state, quarantined }: ActionValues) => ({
  ...(to === "" || to === undefined ? {} : { to }),
  withState: state === "with",
  codeAlone: state === "code",
  quarantined: quarantined === "true",
});

/** Going back, with what would be lost before anything is done. */
export function GoBack({ releases, to }: { readonly releases: readonly Release[]; readonly to?: Release }) {
  const others = releases.filter(({ running }) => !running);
  return (
    <ActionDialog
      operation="rollback"
      label={to === undefined ? "Go back…" : `Go back to ${to.version}…`}
      title={to === undefined ? "Go back to an earlier version" : `Go back to ${to.version}`}
      confirm="Go back"
      isDangerous
      blockedBecause={others.length === 0 ? "There is no other version on disk to go back to." : null}
      says={<p>The version below is put in the place of what serves, as an update of its own, which can be watched and undone like any other.</p>}
      fields={[
        {
          name: "to",
          label: "To which version",
          kind: "choice",
          initial: to?.release ?? "",
          choices: [
            { value: "", label: "The version before" },
            ...others.map(({ release, version, quarantined }) => ({
              value: release,
              label: `${version}${quarantined === null ? "" : " (misbehaved before)"}`,
            })),
          ],
        },
        {
          name: "state",
          label: "The state",
          kind: "choice",
          initial: "",
          choices: [
            { value: "", label: "As it must be: today's, unless the old version cannot run on it" },
            { value: "with", label: "Back too: that of then; today's is kept aside" },
            { value: "code", label: "Left as it is, whatever the rehearsal showed" },
          ],
        },
        { name: "quarantined", label: "Also to a release that misbehaved before", kind: "check" },
      ]}
      preview={{
        operation: "rollback.plan",
        input: inputOf,
        render: (plan) => <PlannedRollback plan={plan} />,
        refuses: ({ verdict, because }) => (verdict === "fail" || verdict === "error" ? because : null),
      }}
      input={inputOf}
      done={({ versionTo }) => `Going back to ${versionTo} has begun.`}
    />
  );
}
