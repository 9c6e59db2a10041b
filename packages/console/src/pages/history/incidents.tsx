import type { IncidentView } from "@instar/protocol";
import { Link } from "@tanstack/react-router";
import { useOperation } from "../../data/use-operation.ts";
import { ActionDialog } from "../../parts/action-dialog.tsx";
import { Card } from "../../parts/card.tsx";
import { Code } from "../../parts/code.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { Problem } from "../../parts/problem.tsx";
import { Text } from "../../parts/text.tsx";
import { When } from "../../parts/when.tsx";

/** What misbehaved in service, and why, as people found out: it is shown when a like change comes again. */
export function Incidents() {
  const { data, error } = useOperation("incident.list", {});
  const incidents = data?.incidents ?? [];
  return (
    <Card title="Incidents">
      {error !== null && <Problem error={error} />}
      {data !== undefined && incidents.length === 0 && (
        <EmptyState title="Nothing went wrong in service so far">What misbehaves after an exchange is written down here, so that you can note why.</EmptyState>
      )}
      <ul className="plain-list incidents">
        {incidents.map((incident) => (
          <Incident key={incident.id} incident={incident} />
        ))}
      </ul>
    </Card>
  );
}

function Incident({ incident }: { readonly incident: IncidentView }) {
  const { id, versionTo, at, step, code, because, outcome, cause, pattern } = incident;
  const touched = [...pattern.dependencies, ...pattern.touches, ...pattern.components];
  return (
    <li className="incident">
      <p className="row">
        <strong>
          <Text text={versionTo} />
        </strong>
        <Code text={code} />
        <When at={at} />
        <span className="quiet">
          noticed by {step}, {outcome ?? "still under way"}
        </span>
        <Link to="/updates/$id" params={{ id }}>
          The update
        </Link>
      </p>
      <p>
        <Text text={because} />
      </p>
      {touched.length > 0 && (
        <p className="quiet">
          It touched <Text text={touched.slice(0, 12).join(", ")} />
          {touched.length > 12 && ` and ${touched.length - 12} more`}.
        </p>
      )}
      <p>{cause === null ? <span className="quiet">Nobody has noted why yet.</span> : <Text text={`Why: ${cause}`} />}</p>
      <ActionDialog
        operation="incident.note"
        label={cause === null ? "Note why…" : "Note it anew…"}
        title={`Why ${versionTo} misbehaved`}
        confirm="Write it down"
        says={<p>What you write is kept with the incident and on the ledger, and is shown when a change like this one comes again. It changes nothing else.</p>}
        fields={[{ name: "cause", label: "Why, in your words", kind: "text", isRequired: true, initial: cause ?? "" }]}
        input={({ cause: written = "" }) => ({ incident: id, cause: written })}
        done={() => "The cause was written down."}
      />
    </li>
  );
}
