import type { ObservationEvidence } from "@instar/protocol";
import { DataTable } from "../../parts/data-table.tsx";
import { Text } from "../../parts/text.tsx";
import { Verdict } from "../../parts/verdict.tsx";

const GATES: Readonly<Record<string, string>> = { rollback: "goes back", pause: "asks a person", report: "is reported", off: "nothing" };
const say = (value: number | null): string => (value === null ? "–" : Number.isInteger(value) ? String(value) : value.toPrecision(3));

/** What each trigger came to, with the numbers that it goes by. */
export function FindingsTable({ findings }: { readonly findings: ObservationEvidence["findings"] }) {
  return (
    <DataTable
      label="What each trigger comes to"
      rows={findings}
      keyOf={({ trigger, gate }) => `${trigger} ${gate}`}
      columns={[
        { id: "trigger", title: "Trigger", cell: ({ trigger }) => trigger.replaceAll("_", " ") },
        { id: "verdict", title: "Verdict", cell: ({ verdict }) => <Verdict verdict={verdict} /> },
        { id: "because", title: "Because", cell: ({ because }) => <Text text={because} /> },
        { id: "gate", title: "A fail", isSecondary: true, cell: ({ gate }) => GATES[gate] ?? gate },
        { id: "statistic", title: "Computed", align: "end", isSecondary: true, cell: ({ statistic }) => say(statistic) },
        { id: "bound", title: "Bound", align: "end", isSecondary: true, cell: ({ bound }) => say(bound) },
        { id: "threshold", title: "Held to", align: "end", isSecondary: true, cell: ({ threshold }) => say(threshold) },
        { id: "samples", title: "Samples", align: "end", isSecondary: true, cell: ({ samples }) => say(samples) },
      ]}
    />
  );
}
