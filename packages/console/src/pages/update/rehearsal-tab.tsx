import type { RehearsalFinding, UpdateView } from "@instar/protocol";
import { Card } from "../../parts/card.tsx";
import { DataTable } from "../../parts/data-table.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { Text } from "../../parts/text.tsx";
import { Verdict } from "../../parts/verdict.tsx";

const BACK = {
  "code-alone": "The old code runs on the state that the new one leaves: going back needs the code alone.",
  "with-state": "The old code does not run on the state that the new one leaves: going back takes the state along.",
  unknown: "Whether the old code runs on the state that the new one leaves is not known.",
} as const;

/** Old and new, started aside on copies of the state and asked the same. */
export function RehearsalTab({ update }: { readonly update: UpdateView }) {
  const report = update.steps.map(({ evidence }) => evidence?.rehearsal).find((each) => each !== undefined);
  if (report === undefined)
    return (
      <EmptyState title="Old and new were not compared">
        {update.outcome === null ? "They are in the step that rehearses." : "The update ended before that, or `rehearsal.gate` in instar.yaml is off."}
      </EmptyState>
    );
  return (
    <>
      <Card title="Old and new compared" aside={<Verdict verdict={report.verdict} />}>
        <p>
          <Text text={report.because} />
        </p>
        <DataTable
          label="Old and new compared"
          rows={report.findings}
          keyOf={({ what, because }) => `${what} ${because}`}
          empty={<EmptyState title="Nothing was compared" />}
          columns={[
            { id: "what", title: "What", cell: ({ what }) => <Text text={what} /> },
            { id: "verdict", title: "Verdict", cell: ({ verdict }) => <Verdict verdict={verdict} /> },
            { id: "old", title: "Old", align: "end", cell: (finding) => <Shown value={finding.old} unit={finding.unit} /> },
            { id: "new", title: "New", align: "end", cell: (finding) => <Shown value={finding.new} unit={finding.unit} /> },
            { id: "limit", title: "Bound / limit", align: "end", isSecondary: true, cell: renderLimit },
            { id: "samples", title: "Of", align: "end", isSecondary: true, cell: ({ samples }) => samples ?? "–" },
            { id: "because", title: "Because", cell: ({ because }) => <Text text={because} /> },
          ]}
        />
      </Card>
      <Card title="The way back">
        <p>{BACK[report.wayBack]}</p>
        <p className="quiet">
          <Text text={report.wayBackBecause} />
        </p>
      </Card>
    </>
  );
}

function Shown({ value, unit }: { readonly value: string | number | null; readonly unit: string }) {
  if (value === null) return <span className="quiet">–</span>;
  return <Text text={typeof value === "number" ? `${round(value)} ${unit}` : value} />;
}

const renderLimit = ({ bound, limit, unit }: RehearsalFinding): string =>
  limit === null ? "–" : `${bound === null ? "–" : round(bound)} / ${round(limit)} ${unit}`;

const round = (value: number): string => (Number.isInteger(value) ? String(value) : value.toPrecision(3));
