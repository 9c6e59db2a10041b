import { OPERATIONS, ROLES } from "@instar/protocol";
import { useState } from "react";
import { useOperation } from "../../data/use-operation.ts";
import { Card } from "../../parts/card.tsx";
import { DataTable } from "../../parts/data-table.tsx";
import { Facts } from "../../parts/facts.tsx";
import { Problem } from "../../parts/problem.tsx";
import { Text } from "../../parts/text.tsx";

const NAMES = OPERATIONS.map(({ name }) => name).toSorted();

/** Which role may do what by the policies as they are now, and which of them say so; and what they say of the newest update today. */
export function ExplainPolicies() {
  const [operation, setOperation] = useState("update.apply");
  const [role, setRole] = useState("");
  const asked = ROLES.find((each) => each === role);
  const { data, error } = useOperation("policy.explain", { operation, ...(asked === undefined ? {} : { role: asked }) }, { keepsPrevious: true });
  return (
    <div className="stack">
      <Card title="An operation">
        <div className="filters">
          <label className="field">
            <span className="field-label">Operation</span>
            <select value={operation} onChange={(event) => setOperation(event.target.value)}>
              {NAMES.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
          <label className="field">
            <span className="field-label">Role</span>
            <select value={role} onChange={(event) => setRole(event.target.value)}>
              <option value="">all of them</option>
              {ROLES.map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          </label>
        </div>
        {error !== null && <Problem error={error} />}
        {data !== undefined && (
          <DataTable
            label={`Who may ${operation}`}
            rows={data.roles}
            keyOf={(row) => row.role}
            columns={[
              { id: "role", title: "Role", cell: (row) => row.role },
              {
                id: "may",
                title: "May",
                cell: ({ isAllowed }) => <span className={`badge badge-${isAllowed ? "good" : "bad"}`}>{isAllowed ? "✓ yes" : "✕ no"}</span>,
              },
              { id: "because", title: "Because", cell: ({ because }) => <Text text={because} /> },
              { id: "policies", title: "By", isSecondary: true, cell: ({ policies }) => <Text text={policies.join(", ")} /> },
            ]}
          />
        )}
      </Card>
      <NewestUpdate />
    </div>
  );
}

function NewestUpdate() {
  const { data, error } = useOperation("policy.explain", {});
  if (error !== null) return null;
  const update = data?.update ?? null;
  if (update === null) return null;
  return (
    <Card title={`The newest update that was decided upon, to ${update.versionTo}`}>
      <Facts
        facts={[
          ["The policies say today", <Text key="now" text={update.now.because} />],
          update.recorded === null ? null : ["They said then", <Text key="then" text={update.recorded.because} />],
          ["By", <Text key="by" text={update.now.policies.join(", ") || "none of them"} />],
        ]}
      />
    </Card>
  );
}
