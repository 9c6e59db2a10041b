import type { Report, ReportFile } from "@instar/protocol";
import type { ProvedEntry } from "./read-signed-entries.ts";
import { listCsvTables, renderReportCsv } from "./render-report-csv.ts";
import { renderReportHtml } from "./render-report-html.ts";

/**
 * A report as a folder that needs nothing else: the page and what it links to. The page is the last file, so that a folder without it was not finished.
 *
 * @param proved the listed entries that the report's checkpoint covers, as far as they are handed out
 * @param verifier the text of the stand-alone verifier; it is put in where there is something to verify
 */
export function planReportFolder(report: Report, proved: readonly ProvedEntry[], verifier: string): ReportFile[] {
  const tables = listCsvTables(report);
  const { checkpoint } = report;
  return [
    ...tables.map((table) => ({ path: `tables/${table}.csv`, text: renderReportCsv(report, table) })),
    ...proved.flatMap(({ index, entry, receipt }) => [
      { path: `proofs/${index}.tlog-proof`, text: receipt },
      { path: `proofs/${index}.json`, text: entry },
    ]),
    ...(checkpoint === null ? [] : [{ path: "checkpoint", text: checkpoint.note }]),
    ...(proved.length === 0 ? [] : [{ path: "verify.mjs", text: verifier }]),
    { path: "README.txt", text: renderReadme(report, proved.length) },
    { path: "report.json", text: `${JSON.stringify(report)}\n` },
    { path: "report.html", text: renderReportHtml(report, { beside: { tables, proved: new Set(proved.map(({ index }) => index)) } }) },
  ];
}

function renderReadme({ instance, from, to, entries, checkpoint }: Report, proved: number): string {
  const about = `A report of ${instance}, from ${from} to ${to}, made from its ledger.

report.html  the page: figures, charts, tables, and the entries that they rest on
report.json  the same as data
tables/      each table as CSV; figures.csv has all figures, entries.csv the entries
`;
  if (checkpoint === null || proved === 0) return `${about}\nThere are no receipts in here: none of its entries was signed when it was made.\n`;
  return `${about}proofs/      ${proved} of the ${entries.total} entries that it rests on, each with a receipt that the ledger holds it (C2SP tlog-proof)
checkpoint   the signed head of the ledger that the receipts are for (C2SP tlog-checkpoint)

    node verify.mjs proof proofs/<index>.tlog-proof proofs/<index>.json --key <key>

checks one on any machine with Node 18 or newer, and asks nothing over the network. Take the key from where you were given it before; the ledger said
that it is

    ${checkpoint.key}
`;
}
