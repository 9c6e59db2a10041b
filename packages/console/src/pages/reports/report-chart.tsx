import type { ReportChart as Chart } from "@instar/protocol";
import { renderDuration } from "../../parts/render-time.ts";
import { Text } from "../../parts/text.tsx";
import { ReportEntries } from "./report-entries.tsx";

interface Bar {
  readonly label: string;
  readonly says: string;
  readonly parts: readonly { readonly label: string; readonly value: number }[];
  readonly entries: readonly number[];
}

/** Bars beside their numbers: a table that can be seen at a glance. Each row leads to the entries that it was computed from. */
export function ReportChart({ chart }: { readonly chart: Chart }) {
  const all = listBars(chart);
  // A month of quiet days tells nothing day by day.
  const bars = all.filter(({ parts }) => parts.some(({ value }) => value > 0));
  const quiet = all.length - bars.length;
  const most = Math.max(1, ...bars.map(({ parts }) => parts.reduce((sum, { value }) => sum + value, 0)));
  const series = chart.kind === "bars" ? chart.series : chart.kind === "durations" ? ["half are quicker", "9 of 10 are quicker"] : [];
  return (
    <figure className="report-chart">
      <figcaption>
        {chart.title}
        {chart.kind === "bars" && <span className="quiet"> by {chart.per}</span>}
      </figcaption>
      {series.length > 1 && (
        <p className="report-keys">
          {series.map((name, at) => (
            <span key={name} className={`report-key report-part-${at % 6}`}>
              <Text text={name} />
            </span>
          ))}
        </p>
      )}
      <table className="report-bars">
        <tbody>
          {bars.map(({ label, says, parts, entries }) => (
            <tr key={label}>
              <th scope="row">
                <Text text={label} />
              </th>
              <td className="report-bar" aria-hidden="true">
                {parts.map((part, at) => (
                  <span key={part.label} className={`report-part report-part-${at % 6}`} style={{ width: `${(part.value / most) * 100}%` }} />
                ))}
              </td>
              <td className="report-says">
                <Text text={says} />
              </td>
              <td>
                <ReportEntries entries={entries} of={`${chart.title}, ${label},`} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {bars.length === 0 && <p className="quiet">Nothing of this kind happened.</p>}
      {bars.length > 0 && quiet > 0 && (
        <p className="quiet">
          Nothing in {quiet} {chart.kind === "bars" ? `${chart.per}s` : "others"}.
        </p>
      )}
    </figure>
  );
}

function listBars(chart: Chart): Bar[] {
  switch (chart.kind) {
    case "bars":
      return chart.bars.map(({ label, values, entries }) => {
        const parts = values.map((value, at) => ({ label: chart.series[at] ?? String(at), value }));
        const said = parts.filter(({ value }) => value > 0).map((part) => `${part.value} ${part.label}`);
        return { label, entries, parts, says: said.join(", ") || "none" };
      });
    case "shares":
      return chart.parts.map(({ label, value, entries }) => ({ label, entries, parts: [{ label, value }], says: String(value) }));
    case "durations":
      return chart.rows.map(({ label, n, medianMs, p90Ms, longestMs, entries }) => ({
        ...{ label, entries },
        parts: [
          { label: "half", value: medianMs },
          { label: "9 of 10", value: Math.max(0, p90Ms - medianMs) },
        ],
        says: `${renderDuration(medianMs)}, 9 of 10 within ${renderDuration(p90Ms)}, longest ${renderDuration(longestMs)} (${n})`,
      }));
    default:
      return chart satisfies never;
  }
}
