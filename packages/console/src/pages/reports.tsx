import "./reports/reports.css";
import { REPORT_KINDS, type Report, type ReportFigure, type ReportKind } from "@instar/protocol";
import { useState } from "react";
import { useOperation } from "../data/use-operation.ts";
import { Card } from "../parts/card.tsx";
import { Code } from "../parts/code.tsx";
import { EmptyState } from "../parts/empty-state.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { Problem } from "../parts/problem.tsx";
import { Text } from "../parts/text.tsx";
import { When } from "../parts/when.tsx";
import { renderCell } from "./reports/render-cell.ts";
import { ReportChart } from "./reports/report-chart.tsx";
import { ReportEntries } from "./reports/report-entries.tsx";

interface Asked {
  readonly kind: ReportKind;
  readonly from: string;
  readonly until: string;
}

/** What the ledger says of a period. Every figure leads to the entries that it was computed from. */
export function ReportsPage() {
  const [asked, setAsked] = useState<Asked>({ kind: "all", from: "", until: "" });
  const { kind, from, until } = asked;
  const { data, error, isPending } = useOperation(
    "audit.report",
    { kind, ...(from === "" ? {} : { from }), ...(until === "" ? {} : { until }), format: "json" },
    { keepsPrevious: true },
  );
  const date = (name: "from" | "until", label: string) => (
    <label className="field">
      <span className="field-label">{label}</span>
      <input type="date" value={asked[name]} onChange={(event) => setAsked({ ...asked, [name]: event.target.value })} />
    </label>
  );
  return (
    <>
      <PageHead title="Reports">Computed from the ledger alone; where nothing is said, of the last 30 days.</PageHead>
      <form className="filters" aria-label="What the report is about" onSubmit={(event) => event.preventDefault()}>
        <label className="field">
          <span className="field-label">About</span>
          <select value={kind} onChange={(event) => setAsked({ ...asked, kind: REPORT_KINDS.find((each) => each === event.target.value) ?? "all" })}>
            {REPORT_KINDS.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </label>
        {date("from", "From")}
        {date("until", "Before")}
      </form>
      {error !== null && <Problem error={error} />}
      {isPending && <p className="quiet">Reading the ledger…</p>}
      {data !== undefined && <Shown report={data.report} />}
    </>
  );
}

function Shown({ report }: { readonly report: Report }) {
  return (
    <>
      <Card>
        <p>
          <When at={report.from} /> to <When at={report.to} />: {report.read.entries} entries
          {report.read.unreadable > 0 && <strong>, {report.read.unreadable} of which this Instar cannot read and does not count</strong>}.
        </p>
        {report.read.entries === 0 && <EmptyState title="Nothing happened in this time">Choose another time.</EmptyState>}
        <p className="quiet">
          To hand it on with a receipt for each entry: <Code text="instar audit report --to ./for-the-board" />
        </p>
      </Card>
      {report.sections.map((section) => (
        <Card key={section.section} title={section.title}>
          <div className="stack">
            <p>
              <Text text={section.because} />
            </p>
            <div className="report-figures">
              {section.figures.map((figure) => (
                <Figure key={figure.id} figure={figure} />
              ))}
            </div>
            <div className="report-charts">
              {section.charts.map((chart) => (
                <ReportChart key={chart.id} chart={chart} />
              ))}
            </div>
            {section.tables.map((table) => (
              <Table key={table.id} table={table} />
            ))}
          </div>
        </Card>
      ))}
    </>
  );
}

function Figure({ figure: { label, value, unit, n, interval, because, entries } }: { readonly figure: ReportFigure }) {
  return (
    <div className="report-figure">
      <p className="report-label">{label}</p>
      <p className={value === null ? "report-value quiet" : "report-value"}>{renderCell(value, unit)}</p>
      {interval !== null && (
        <p className="quiet">
          {renderCell(interval.lower, unit)} to {renderCell(interval.upper, unit)} with {Math.round(interval.level * 100)} % confidence, of {n}
        </p>
      )}
      <p className="quiet">
        <Text text={because} />
      </p>
      <ReportEntries entries={entries} of={label} />
    </div>
  );
}

const ROWS = 50;

function Table({ table }: { readonly table: Report["sections"][number]["tables"][number] }) {
  const [isAll, setAll] = useState(false);
  if (table.rows.length === 0) return null;
  const rows = isAll ? table.rows : table.rows.slice(0, ROWS);
  return (
    <details>
      <summary>
        {table.title} ({table.rows.length})
      </summary>
      <p className="quiet">
        <Text text={table.because} />
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard. */}
      <section className="table-scroll" aria-label={table.title} tabIndex={0}>
        <table className="data-table">
          <thead>
            <tr>
              {table.columns.map(({ id, label }) => (
                <th key={id} scope="col">
                  {label}
                </th>
              ))}
              <th scope="col">Rests on</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ cells, entries }, row) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a report's rows have no other name, and it never changes.
              <tr key={row}>
                {table.columns.map(({ id, unit }, at) => (
                  <td key={id}>
                    <Text text={renderCell(cells[at] ?? null, unit)} />
                  </td>
                ))}
                <td>
                  <ReportEntries entries={entries} of={`row ${row + 1} of ${table.title}`} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {!isAll && table.rows.length > ROWS && (
        <button type="button" className="button after-table" onClick={() => setAll(true)}>
          Show all {table.rows.length}
        </button>
      )}
    </details>
  );
}
