import { InstarError, type Report, type ReportCell, type ReportTable } from "@instar/protocol";

type CsvTable = { readonly header: readonly string[]; readonly rows: readonly (readonly ReportCell[])[] };

/** The names of what a report can be written as: its tables, then all figures, then the entries. */
export function listCsvTables({ sections }: Report): string[] {
  return [...sections.flatMap(({ tables }) => tables.map(({ id }) => id)), "figures", "entries"];
}

/**
 * One table of a report as CSV (RFC 4180): comma, CRLF, a header, UTF-8 without a mark of byte order. Every row ends with the indices of the entries that it
 * rests on, with spaces between them. Times are ISO 8601, durations ms, shares 0 to 1, and a cell without a value is empty.
 *
 * A text that a spreadsheet would take for a formula gets an apostrophe in front, and so does what would begin a cell where a semicolon or a tab parts them.
 *
 * @param table one of `listCsvTables`
 * @throws InstarError INPUT_INVALID where the report has no such table
 */
export function renderReportCsv(report: Report, table: string): string {
  const names = listCsvTables(report);
  if (!names.includes(table))
    throw new InstarError("INPUT_INVALID", `a report of the kind '${report.kind}' has no such table`, {
      facts: { table },
      advice: `It has: ${names.join(", ")}.`,
    });
  const { header, rows } = readTable(report, table);
  return [header, ...rows].map((row) => `${row.map(renderCell).join(",")}\r\n`).join("");
}

function readTable(report: Report, name: string): CsvTable {
  if (name === "figures") return readFigures(report);
  if (name === "entries") return readEntries(report);
  const found = report.sections.flatMap(({ tables }) => tables).find(({ id }) => id === name);
  return found === undefined ? { header: [], rows: [] } : readRows(found);
}

function readRows({ columns, rows }: ReportTable): CsvTable {
  return { header: [...columns.map(({ id }) => id), "entries"], rows: rows.map(({ cells, entries }) => [...cells, entries.join(" ")]) };
}

function readFigures({ sections }: Report): CsvTable {
  return {
    header: ["section", "figure", "label", "value", "unit", "n", "lower", "upper", "level", "because", "entries"],
    rows: sections.flatMap(({ section, figures }) =>
      figures.map(({ id, label, value, unit, n, interval, because, entries }) => [
        ...[section, id, label, value, unit, n],
        ...[interval?.lower ?? null, interval?.upper ?? null, interval?.level ?? null],
        ...[because, entries.join(" ")],
      ]),
    ),
  };
}

function readEntries({ entries }: Report): CsvTable {
  return {
    header: ["index", "at", "event", "by", "update", "description", "leafHash"],
    rows: entries.listed.map(({ index, at, event, by, update, description, leafHash }) => [index, at, event, by, update, description, leafHash]),
  };
}

function renderCell(cell: ReportCell): string {
  if (cell === null) return "";
  const text = typeof cell === "number" ? String(cell) : guardFormula(cell.toWellFormed());
  return /[",;\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * Spreadsheets compute what begins so, some of them also after blanks, and some take the wide forms for the narrow ones. Where the decimal mark is a comma they
 * part cells at semicolons, and do not see that the cell stands in quotes.
 */
function guardFormula(text: string): string {
  const inside = text.replaceAll(/([;\t\r\n])(?=["\s]*[=+\-@\uff0b\uff0d\uff1d\uff20])/g, "$1'");
  return /^\s*[=+\-@\uff0b\uff0d\uff1d\uff20]|^[\t\r\n]/.test(text) ? `'${inside}` : inside;
}
