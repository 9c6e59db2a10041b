import type { Report } from "@instar/protocol";
import { renderTime, renderValue } from "./render-value.ts";

/** So many rows of a table are shown; the other ways to write a report have all of them. */
const ROWS_SHOWN = 20;

/** A report for a terminal: figures, and the first rows of each table. Every text in it is one line without control characters already. */
export function renderReportText({ instance, from, to, read, sections }: Report): string {
  const head = `${instance}, ${renderTime(from)} to ${renderTime(to)}: ${read.entries} entries${read.unreadable === 0 ? "" : `, ${read.unreadable} that could not be read`}`;
  return [head, ...sections.map(renderSection)].join("\n\n");
}

function renderSection({ title, because, figures, tables }: Report["sections"][number]): string {
  const width = Math.max(0, ...figures.map(({ label }) => label.length));
  const lines = figures.map(({ label, value, unit, interval }) => {
    const between = interval === null ? "" : `  (${renderValue(interval.lower, unit)} to ${renderValue(interval.upper, unit)})`;
    return `  ${label.padEnd(width)}  ${renderValue(value, unit)}${between}`;
  });
  return [title.toUpperCase(), `  ${because}`, ...lines, ...tables.flatMap(renderTable)].join("\n");
}

function renderTable({ title, columns, rows }: Report["sections"][number]["tables"][number]): string[] {
  if (rows.length === 0) return [];
  const cells = [
    columns.map(({ label }) => label),
    ...rows.slice(0, ROWS_SHOWN).map(({ cells }) => cells.map((cell, at) => renderValue(cell, columns[at]?.unit ?? "text").slice(0, 60))),
  ];
  const widths = columns.map((_, at) => Math.max(...cells.map((row) => row[at]?.length ?? 0)));
  const lines = cells.map((row) => `    ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join("  ")}`.trimEnd());
  const more = rows.length > ROWS_SHOWN ? [`    and ${rows.length - ROWS_SHOWN} more`] : [];
  return [`  ${title}:`, ...lines, ...more];
}
