import type { StageResult, UpdateView } from "@instar/protocol";
import { Link } from "@tanstack/react-router";
import { Card } from "../../parts/card.tsx";
import { DataTable } from "../../parts/data-table.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { renderDuration } from "../../parts/render-time.ts";
import { Text } from "../../parts/text.tsx";
import { Verdict } from "../../parts/verdict.tsx";
import { LogTab } from "./log-tab.tsx";

/** The stages that were run on it, what failed and what only sometimes did, and what the jobs wrote. */
export function TestsTab({ update }: { readonly update: UpdateView }) {
  const found = update.steps.filter(({ evidence }) => evidence?.stages !== undefined);
  const stages = found.flatMap(({ evidence }) => evidence?.stages ?? []);
  const [confinement] = found.flatMap(({ evidence }) => evidence?.confinement ?? []);
  const failing = stages.filter((stage) => stage.failing.length > 0 || stage.flaky.length > 0);
  return (
    <>
      <Card title="Stages">
        <DataTable
          label="Stages of the validation"
          rows={stages}
          keyOf={({ stage }) => stage}
          empty={
            <EmptyState title="Nothing was tested yet">
              {update.outcome === null
                ? "The stages are listed as soon as the step has ended; what they write is below."
                : "The update ended before that, or what tests to run is not said in instar.yaml."}
            </EmptyState>
          }
          columns={[
            { id: "stage", title: "Stage", cell: ({ stage }) => stage.replaceAll("_", " ") },
            { id: "verdict", title: "Verdict", cell: ({ verdict }) => <Verdict verdict={verdict} /> },
            { id: "counts", title: "Passed", align: "end", cell: renderCounts },
            { id: "gate", title: "Gate", isSecondary: true, cell: ({ gate }) => gate },
            { id: "runner", title: "By", isSecondary: true, cell: ({ runner, cached }) => `${runner ?? "–"}${cached ? ", from before" : ""}` },
            { id: "took", title: "Took", align: "end", isSecondary: true, cell: ({ durationMs }) => renderDuration(durationMs) },
            {
              id: "because",
              title: "Because",
              cell: ({ because, coverage }) => <Text text={coverage === null ? because : `${because}; ${coverage.toFixed(1)} % of lines`} />,
            },
          ]}
        />
        {confinement !== undefined && (
          <p className="quiet">
            They ran in {confinement.sandbox === "none" ? "no sandbox" : `the sandbox ${confinement.sandbox}`}
            {confinement.missing.length > 0 && `; not enforced: ${confinement.missing.join(", ")}`}.
          </p>
        )}
      </Card>
      {failing.map(({ stage, failing: failed, flaky }) => (
        <Card key={stage} title={`Of ${stage.replaceAll("_", " ")}`}>
          <Named title="Failed" names={failed} />
          <Named title="Failed, and then passed" names={flaky} />
        </Card>
      ))}
      <Findings update={update} />
      <LogTab update={update} />
    </>
  );
}

function renderCounts({ counts }: StageResult): string {
  if (counts === null) return "not counted";
  return `${counts.passed} of ${counts.total}${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ""}`;
}

function Named({ title, names }: { readonly title: string; readonly names: readonly string[] }) {
  if (names.length === 0) return null;
  return (
    <>
      <h3>
        {title} ({names.length})
      </h3>
      <ul>
        {names.map((name) => (
          <li key={name}>
            <Text text={name} />
          </li>
        ))}
      </ul>
    </>
  );
}

function Findings({ update }: { readonly update: UpdateView }) {
  return (
    <p className="quiet after">
      What the static checks found is in the{" "}
      <Link to="/updates/$id" params={{ id: update.id }} search={{ tab: "impact" }}>
        impact
      </Link>
      .
    </p>
  );
}
