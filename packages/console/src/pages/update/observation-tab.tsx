import type { ObservationEvidence, UpdateView } from "@instar/protocol";
import { Link } from "@tanstack/react-router";
import { useOperation } from "../../data/use-operation.ts";
import { Card } from "../../parts/card.tsx";
import { DataTable } from "../../parts/data-table.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { Facts } from "../../parts/facts.tsx";
import { Problem } from "../../parts/problem.tsx";
import { renderCount } from "../../parts/render-number.ts";
import { renderDuration } from "../../parts/render-time.ts";
import { Text } from "../../parts/text.tsx";
import { Verdict } from "../../parts/verdict.tsx";
import { When } from "../../parts/when.tsx";

/** How it was watched in service: the newest look with every trigger, and the looks before it. */
export function ObservationTab({ update }: { readonly update: UpdateView }) {
  const { data, error } = useOperation("update.explain", { update: update.id });
  if (data === undefined) return error === null ? <p className="quiet">Asking…</p> : <Problem error={error} />;
  const newest = data.looks.at(-1);
  if (newest === undefined)
    return (
      <EmptyState title="It was not watched in service">
        {update.outcome === null ? "That begins once it serves." : "The update ended before its version served."}
      </EmptyState>
    );
  return (
    <>
      <Card title="The newest look" aside={<Verdict verdict={newest.verdict} />}>
        <p>
          <Text text={newest.because} />
        </p>
        <Window window={newest.window} />
        <Findings findings={newest.findings} />
        {update.outcome === null && (
          <p>
            <Link to="/observation">Charts of what is seen now</Link>
          </p>
        )}
      </Card>
      <Card title="All looks">
        <p className="quiet">
          Computed again from what was recorded:{" "}
          {data.replays.verdict === "yes"
            ? "every verdict comes out the same"
            : data.replays.verdict === "no"
              ? "a verdict comes out otherwise"
              : "they cannot be"}
          . <Text text={data.replays.because} />
        </p>
        <DataTable
          label="Looks at it in service"
          rows={data.looks.toReversed()}
          keyOf={({ index }) => String(index)}
          columns={[
            { id: "at", title: "When", cell: ({ at }) => <When at={at} /> },
            { id: "verdict", title: "Verdict", cell: ({ verdict }) => <Verdict verdict={verdict} /> },
            { id: "action", title: "What followed", cell: ({ action }) => action },
            { id: "counted", title: "Watched", align: "end", isSecondary: true, cell: ({ window }) => renderDuration(window.countedMs) },
            { id: "because", title: "Because", cell: ({ because }) => <Text text={because} /> },
          ]}
        />
      </Card>
    </>
  );
}

function Window({ window: { countedMs, neededMs, requests, neededRequests, isExtended, isUnverified } }: { readonly window: ObservationEvidence["window"] }) {
  return (
    <Facts
      facts={[
        ["Watched", `${renderDuration(countedMs)} of ${renderDuration(neededMs)}${isExtended ? ", extended" : ""}`],
        ["Requests", `${renderCount(requests)} of ${renderCount(neededRequests)} that are needed`],
        ["Evidence", isUnverified ? "it ended without enough" : "as much as was wanted so far"],
      ]}
    />
  );
}

function Findings({ findings }: { readonly findings: ObservationEvidence["findings"] }) {
  return (
    <DataTable
      label="What each trigger came to"
      rows={findings}
      keyOf={({ trigger }) => trigger}
      columns={[
        { id: "trigger", title: "Trigger", cell: ({ trigger }) => <Text text={trigger.replaceAll("_", " ")} /> },
        { id: "verdict", title: "Verdict", cell: ({ verdict }) => <Verdict verdict={verdict} /> },
        { id: "statistic", title: "Seen", align: "end", cell: ({ statistic }) => renderNumber(statistic) },
        { id: "bound", title: "Bound", align: "end", isSecondary: true, cell: ({ bound }) => renderNumber(bound) },
        { id: "threshold", title: "Held to", align: "end", cell: ({ threshold }) => renderNumber(threshold) },
        { id: "samples", title: "Of", align: "end", isSecondary: true, cell: ({ samples }) => renderCount(samples) },
        { id: "gate", title: "Leads to", isSecondary: true, cell: ({ gate }) => gate },
        { id: "because", title: "Because", cell: ({ because }) => <Text text={because} /> },
      ]}
    />
  );
}

const renderNumber = (value: number | null): string => (value === null ? "–" : Number.isInteger(value) ? renderCount(value) : value.toPrecision(3));
