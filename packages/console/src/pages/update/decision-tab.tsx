import type { ApprovalView, DecisionEvidence, UpdateView } from "@instar/protocol";
import { useState } from "react";
import { useOperation } from "../../data/use-operation.ts";
import { Button } from "../../parts/button.tsx";
import { Card } from "../../parts/card.tsx";
import { Code } from "../../parts/code.tsx";
import { DataTable } from "../../parts/data-table.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { Facts } from "../../parts/facts.tsx";
import { Problem } from "../../parts/problem.tsx";
import { renderDuration } from "../../parts/render-time.ts";
import { Text } from "../../parts/text.tsx";
import { When } from "../../parts/when.tsx";
import { Conditions } from "./conditions.tsx";

/** Whether it might be exchanged, by whose word and rules, and whether that comes out again from what was recorded. */
export function DecisionTab({ update }: { readonly update: UpdateView }) {
  const explained = useOperation("update.explain", { update: update.id });
  const approvals = useOperation("approval.list", {});
  const approval = approvals.data?.approvals.find((each) => each.update === update.id);
  const decision = update.steps.map(({ evidence }) => evidence?.decision).findLast((each) => each !== undefined);
  return (
    <>
      <Card title="What was decided">
        {explained.error !== null && explained.data === undefined && <Problem error={explained.error} />}
        {explained.data?.decisions.length === 0 && (
          <EmptyState title="Nothing was decided yet">
            {update.outcome === null ? "The policies are heard once the candidate was tested." : "The update ended before the policies were heard."}
          </EmptyState>
        )}
        {explained.data?.decisions.map((each) => (
          <div key={each.index} className="decision">
            <h3>
              {each.step}: {each.comesTo}{" "}
              <span className="quiet">
                <When at={each.at} />
              </span>
            </h3>
            <p>
              <Text text={each.because} />
            </p>
            <p className="quiet">
              Computed again from what was recorded:{" "}
              {each.recomputed.verdict === "yes" ? "it comes out the same" : each.recomputed.verdict === "no" ? "it comes out otherwise" : "it cannot be"}.{" "}
              <Text text={each.recomputed.because} />
            </p>
          </div>
        ))}
      </Card>
      {approval !== undefined && <Approval approval={approval} />}
      <Conditions update={update} />
      {decision !== undefined && <WentBy decision={decision} />}
    </>
  );
}

function Approval({ approval }: { readonly approval: ApprovalView }) {
  return (
    <Card title={`Approval: ${approval.state}`}>
      <p>
        <Text text={approval.because} />
      </p>
      <Facts
        facts={[
          ["People that it takes", approval.quorum],
          ["Of the release", approval.digest === null ? null : <Code key="digest" text={approval.digest} />],
          ["Ends", approval.until === null ? null : <When key="until" at={approval.until} />],
        ]}
      />
      <DataTable
        label="What people said"
        rows={approval.answers}
        keyOf={({ by, at }) => `${by} ${at}`}
        empty={<EmptyState title="Nobody has said anything yet" />}
        columns={[
          { id: "by", title: "Who", cell: ({ by, role }) => <Text text={`${by} (${role})`} /> },
          { id: "at", title: "When", cell: ({ at }) => <When at={at} /> },
          { id: "counts", title: "Counts", cell: ({ counts, voidBecause }) => (counts ? "yes" : <Text text={`no: ${voidBecause ?? ""}`} />) },
          { id: "because", title: "Comment", cell: ({ because }) => <Text text={because} /> },
        ]}
      />
    </Card>
  );
}

/** The facts and policies that it hung on, and what a model said where one was asked. */
function WentBy({ decision }: { readonly decision: DecisionEvidence }) {
  const word = decision.model?.word;
  return (
    <>
      <Card title="Policies and facts">
        <p>
          <Text text={decision.policy.because} /> <span className="quiet">by {decision.policy.policies.join(", ") || "no policy"}</span>
        </p>
        <details className="fold">
          <summary>The facts that they were asked about</summary>
          <DataTable
            label="Facts"
            rows={Object.entries(decision.facts)}
            keyOf={([name]) => name}
            columns={[
              { id: "name", title: "Fact", cell: ([name]) => <Text text={name} /> },
              { id: "value", title: "Value", cell: ([, value]) => <Text text={typeof value === "string" ? value : JSON.stringify(value)} /> },
            ]}
          />
        </details>
        <Document digest={decision.policies} title="The policies' texts" />
      </Card>
      {word !== undefined && (
        <Card title={`A model was asked: ${word.kind === "said" ? word.opinion.decision : `no answer (${word.how})`}`}>
          <p>
            <Text text={word.kind === "said" ? word.opinion.reasoning : word.because} />
          </p>
          <p className="quiet">
            {word.model}, {renderDuration(word.tookMs)}
            {word.kind === "said" && `, confidence ${Math.round(word.opinion.confidence * 100)} %`}
          </p>
          {word.promptDigest !== null && <Document digest={word.promptDigest} title="What it was asked" />}
          {word.answerDigest !== null && <Document digest={word.answerDigest} title="What it answered" />}
        </Card>
      )}
    </>
  );
}

function Document({ digest, title }: { readonly digest: string; readonly title: string }) {
  const [isWanted, setWanted] = useState(false);
  const { data, error } = useOperation("document.show", { digest }, { enabled: isWanted });
  if (!isWanted)
    return (
      <Button tone="quiet" onPress={() => setWanted(true)}>
        {title}
      </Button>
    );
  if (data === undefined) return error === null ? <p className="quiet">Asking…</p> : <Problem error={error} />;
  return <Code label={title} text={data.text} />;
}
