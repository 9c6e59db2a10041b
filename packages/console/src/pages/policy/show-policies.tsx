import type { PolicyCheckView } from "@instar/protocol";
import { useOperation } from "../../data/use-operation.ts";
import { Card } from "../../parts/card.tsx";
import { Code } from "../../parts/code.tsx";
import { DataTable } from "../../parts/data-table.tsx";
import { Problem } from "../../parts/problem.tsx";
import { Text } from "../../parts/text.tsx";
import { Verdict } from "../../parts/verdict.tsx";

/** Each policy in its words, what is wrong with them, and their texts. */
export function ShowPolicies() {
  const check = useOperation("policy.check", {});
  const show = useOperation("policy.show", {});
  return (
    <div className="stack">
      {check.error !== null && <Problem error={check.error} />}
      {check.isPending && <p className="quiet">Reading the policies…</p>}
      {check.data !== undefined && <CheckedPolicies check={check.data} title="Policies that hold" />}
      {show.error !== null && <Problem error={show.error} />}
      {show.data !== undefined && (
        <Card title="Their texts">
          <p>
            Digest <Code text={show.data.digest} />
          </p>
          {show.data.texts.map(({ file, text }) => (
            <details key={file}>
              <summary>
                <Text text={file} />
              </summary>
              <Code label={file} text={text} />
            </details>
          ))}
          <details>
            <summary>What policies may speak of (Cedar's schema)</summary>
            <Code label="The policies' schema" text={show.data.schema} />
          </details>
        </Card>
      )}
    </div>
  );
}

/** What a check came to: a mistake denies, so mistakes stand first. */
export function CheckedPolicies({ check, title }: { readonly check: PolicyCheckView; readonly title: string }) {
  return (
    <Card title={title} aside={<Verdict verdict={check.verdict} />}>
      <p>
        <Text text={check.because} />
      </p>
      {check.problems.length > 0 && (
        <ul className="plain-list policy-problems">
          {check.problems.map(({ file, line, policy, severity, message }) => (
            <li key={`${file} ${line} ${policy} ${message}`} className={severity === "error" ? "problem-line" : ""}>
              {severity === "error" ? "✕ error" : "! warning"} in{" "}
              <Text text={`${file}${line === null ? "" : `, line ${line}`}${policy === null ? "" : ` (${policy})`}: ${message}`} />
            </li>
          ))}
        </ul>
      )}
      <DataTable
        label="Policies"
        rows={check.policies}
        keyOf={({ id, file }) => `${file} ${id}`}
        columns={[
          { id: "id", title: "Policy", cell: ({ id }) => <Text text={id} /> },
          {
            id: "effect",
            title: "Effect",
            cell: ({ effect }) => (
              <span className={`badge badge-${effect === "permit" ? "good" : "bad"}`}>{effect === "permit" ? "✓ permits" : "✕ forbids"}</span>
            ),
          },
          { id: "because", title: "Because", cell: ({ because }) => <Text text={because ?? ""} /> },
          { id: "approvals", title: "People", align: "end", isSecondary: true, cell: ({ approvals }) => approvals },
          { id: "file", title: "From", isSecondary: true, cell: ({ file }) => <Text text={file} /> },
        ]}
        empty={<p className="quiet">There is none.</p>}
      />
    </Card>
  );
}
