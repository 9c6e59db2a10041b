import { Link } from "@tanstack/react-router";
import { useOperation } from "../../data/use-operation.ts";
import { ActionDialog } from "../../parts/action-dialog.tsx";
import { Card } from "../../parts/card.tsx";
import { DataTable } from "../../parts/data-table.tsx";
import { Outcome } from "../../parts/outcome.tsx";
import { Problem } from "../../parts/problem.tsx";
import { Text } from "../../parts/text.tsx";
import { When } from "../../parts/when.tsx";

const SHOWN = 5;

/** The newest changes of the configuration, each of which can be taken back. */
export function SettingChanges() {
  const { data, error } = useOperation("update.list", { limit: 200 });
  if (error !== null) return <Problem error={error} />;
  const changes = (data?.updates ?? []).filter(({ kind }) => kind === "configuration").slice(0, SHOWN);
  if (changes.length === 0) return null;
  return (
    <Card title="Changed last">
      <DataTable
        label="Changes of the configuration, the newest first"
        rows={changes}
        keyOf={({ id }) => id}
        columns={[
          {
            id: "what",
            title: "Change",
            cell: ({ id, versionTo }) => (
              <Link to="/updates/$id" params={{ id }}>
                <Text text={versionTo} />
              </Link>
            ),
          },
          { id: "outcome", title: "Outcome", cell: (update) => <Outcome update={update} /> },
          { id: "when", title: "When", cell: ({ startedAt }) => <When at={startedAt} /> },
          { id: "because", title: "Because", isSecondary: true, cell: ({ because }) => <Text text={because} /> },
          {
            id: "undo",
            title: "Take back",
            cell: ({ id, outcome }) =>
              outcome !== "committed" ? null : (
                <ActionDialog
                  operation="edit.undo"
                  label="Undo…"
                  title="Take the change back"
                  confirm="Put back what was there"
                  says={
                    <p>
                      The files become what they were before this change, where nobody changed them since; else it is refused. It is an update of its own, and
                      can be undone as well.
                    </p>
                  }
                  input={() => ({ update: id })}
                  done={() => "What was there before is put back."}
                />
              ),
          },
        ]}
      />
    </Card>
  );
}
