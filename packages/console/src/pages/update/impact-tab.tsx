import { type ImpactReport, InstarError, type UpdateView } from "@instar/protocol";
import type { ReactNode } from "react";
import { useOperation } from "../../data/use-operation.ts";
import { Card } from "../../parts/card.tsx";
import { DataTable } from "../../parts/data-table.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { Facts } from "../../parts/facts.tsx";
import { Problem } from "../../parts/problem.tsx";
import { renderCount, renderMany } from "../../parts/render-number.ts";
import { renderDuration } from "../../parts/render-time.ts";
import { Text } from "../../parts/text.tsx";
import { Verdict } from "../../parts/verdict.tsx";
import { ReachGraph } from "./reach-graph.tsx";
import { sayImpact } from "./say-impact.ts";

/** What the change touches and risks: first as one would say it, then as it was found. */
export function ImpactTab({ update }: { readonly update: UpdateView }) {
  const { data, error } = useOperation("impact", { update: update.id });
  if (InstarError.is(error, "NOT_FOUND") && data === undefined)
    return (
      <EmptyState title="Its impact is not known">
        {update.outcome === null
          ? "It is found out in the step that analyses the change."
          : "The update ended before the change was analysed, or changes no code."}
      </EmptyState>
    );
  if (data === undefined) return error === null ? <p className="quiet">Asking…</p> : <Problem error={error} />;
  const { report } = data;
  return (
    <>
      <Card title="In words" aside={<span className={`badge badge-${toneOf(report.risk)}`}>risk {report.risk}</span>}>
        {sayImpact(report).map((sentence) => (
          <p key={sentence}>
            <Text text={sentence} />
          </p>
        ))}
        {report.recommendations.length > 0 && <Items items={report.recommendations} />}
      </Card>
      <Card title="How far it reaches">
        <ReachGraph report={report} />
      </Card>
      <Card title={`Why the risk is ${report.risk}: ${report.score} of 100 points`}>
        <DataTable
          label="Factors of the risk"
          rows={report.factors}
          keyOf={(factor) => `${factor.name} ${factor.because}`}
          empty={<EmptyState title="Nothing raised it" />}
          columns={[
            { id: "weight", title: "Points", align: "end", cell: ({ weight }) => weight },
            { id: "name", title: "Reason", cell: ({ name, atLeast }) => `${name.replaceAll("_", " ")}${atLeast === null ? "" : ` (at least ${atLeast})`}` },
            { id: "because", title: "Because", cell: ({ because }) => <Text text={because} /> },
            { id: "paths", title: "Files", isSecondary: true, cell: ({ paths }) => <Paths first={paths.first} total={paths.total} /> },
          ]}
        />
      </Card>
      <Card title="What it lays hands on">
        <DataTable
          label="Touches"
          rows={report.touches.first}
          keyOf={(touch) => `${touch.kind} ${touch.path} ${touch.line} ${touch.because}`}
          empty={<EmptyState title="Ordinary code only">No tests, settings, permissions or other guarded files are touched.</EmptyState>}
          columns={[
            {
              id: "kind",
              title: "Kind",
              cell: ({ kind, weakens }) => (
                <>
                  {kind.replaceAll("-", " ")} {weakens && <span className="badge badge-bad">weakens</span>}
                </>
              ),
            },
            { id: "place", title: "Where", cell: ({ path, line }) => <Text text={line === null ? path : `${path}:${line}`} /> },
            { id: "because", title: "Because", cell: ({ because }) => <Text text={because} /> },
          ]}
        />
        <More total={report.touches.total} shown={report.touches.first.length} />
      </Card>
      <Card title="Packages">
        <DataTable
          label="Changed packages"
          rows={report.dependencies.first}
          keyOf={({ lockfile, name }) => `${lockfile} ${name}`}
          empty={<EmptyState title="No package changes" />}
          columns={[
            { id: "name", title: "Package", cell: ({ name }) => <Text text={name} /> },
            {
              id: "change",
              title: "Change",
              cell: ({ kind, from, to, bump }) => <Text text={`${kind}: ${from.join(", ") || "–"} → ${to.join(", ") || "–"} (${bump})`} />,
            },
            {
              id: "scripts",
              title: "Runs when installed",
              isSecondary: true,
              cell: ({ installScripts }) => (installScripts === null ? "not said" : installScripts ? "yes" : "no"),
            },
            { id: "concerns", title: "Look at", cell: ({ concerns }) => <Text text={concerns.join("; ")} /> },
          ]}
        />
        <More total={report.dependencies.total} shown={report.dependencies.first.length} />
      </Card>
      <Card title="Findings of the checks">
        {report.checks.length === 0 && <EmptyState title="No check has looked yet" />}
        {report.checks.map((check) => (
          <details key={check.check} className="fold" open={check.verdict === "fail"}>
            <summary>
              <Verdict verdict={check.verdict} /> {check.check} <span className="quiet">by {check.tool}</span>: <Text text={check.because} />
            </summary>
            <ul>
              {check.findings.first.map((finding) => (
                <li key={`${finding.rule} ${finding.path} ${finding.line} ${finding.message}`}>
                  {finding.isNew && <span className="badge badge-wait">new</span>} {finding.severity}:{" "}
                  <Text text={`${finding.path}${finding.line === null ? "" : `:${finding.line}`} ${finding.message} (${finding.rule})`} />
                </li>
              ))}
            </ul>
            <More total={check.findings.total} shown={check.findings.first.length} />
          </details>
        ))}
      </Card>
      {report.conflicts.length > 0 && (
        <Card title="Conflicts">
          <Items items={report.conflicts.map(({ what, because, resolution, advice }) => `${what}: ${because}. ${resolution}. ${advice}`)} />
        </Card>
      )}
      <Card title="Size, tests and the way back">
        <Facts
          facts={[
            ["Files", `${renderMany(report.files.changed, "file")} changed, of them ${report.files.added} new and ${report.files.deleted} gone`],
            ["Lines", `+${renderCount(report.files.addedLines)} −${renderCount(report.files.deletedLines)}`],
            ["Tests to run first", <Paths key="tests" first={report.requiredTests.first} total={report.requiredTests.total} />],
            ["Tests take about", report.estimatedTestMs === null ? "not known yet" : renderDuration(report.estimatedTestMs)],
            ["Way back", <Text key="back" text={`${report.rollback.complexity}: ${report.rollback.because}`} />],
          ]}
        />
      </Card>
    </>
  );
}

const toneOf = (risk: ImpactReport["risk"]): string => ({ minimal: "good", low: "good", medium: "wait", high: "bad", critical: "bad" })[risk];

function Items({ items }: { readonly items: readonly string[] }) {
  return (
    <ul>
      {items.map((item) => (
        <li key={item}>
          <Text text={item} />
        </li>
      ))}
    </ul>
  );
}

function Paths({ first, total }: { readonly first: readonly string[]; readonly total: number }): ReactNode {
  if (total === 0) return "none";
  const shown = first.slice(0, 4);
  return <Text text={`${shown.join(", ")}${total > shown.length ? ` and ${total - shown.length} more` : ""}`} />;
}

function More({ total, shown }: { readonly total: number; readonly shown: number }) {
  return total > shown ? <p className="quiet">And {renderCount(total - shown)} more: `instar impact` lists what was found.</p> : null;
}
