import { InstarError, type Report, type ReportFile, type ReportKind } from "@instar/protocol";
import { readEntries } from "../ledger/read-ledger.ts";
import type { NoteKey } from "../ledger/tree/note-key.ts";
import { buildReport, type ReportRequest } from "./build-report.ts";
import { planReportFolder } from "./plan-report-folder.ts";
import { openSignedEntries, type ProvedEntry, type SignedEntries } from "./read-signed-entries.ts";
import { listCsvTables, renderReportCsv } from "./render-report-csv.ts";
import { renderReportHtml } from "./render-report-html.ts";
import { renderReportText } from "./render-report-text.ts";

export interface ReportQuestion extends Omit<ReportRequest, "signed"> {
  readonly kind: ReportKind;
  readonly format: "text" | "json" | "csv" | "html" | "folder";
  /** Which one, of the format `csv`. */
  readonly table?: string | undefined;
  /** Of the ledger. Nothing may write to it meanwhile (`Ledger.quietly`). */
  readonly folder: string;
  /** Null where the ledger has none yet: then nothing is proved. */
  readonly key: NoteKey | null;
  /** The text of the stand-alone verifier, asked for a folder. */
  readonly readVerifier: () => string;
  /** How many characters the entries and receipts of a folder may have together; 64 Mi where nothing is said. */
  readonly mostProofCharacters?: number;
}

export interface MadeReport {
  readonly report: Report;
  readonly text: string;
  /** Of the format `folder`; none of others. */
  readonly files: readonly ReportFile[];
}

/** @throws InstarError INPUT_INVALID for a period or a table that cannot be; LEDGER_DAMAGED; what reading the files throws */
export async function makeReport({
  kind,
  format,
  table,
  folder,
  key,
  readVerifier,
  mostProofCharacters = MOST_PROOF_CHARACTERS,
  ...request
}: ReportQuestion): Promise<MadeReport> {
  // Asked of a report of nothing, which has the same tables: a mistake is answered before a long ledger was read.
  assertTable(await buildReport(kind, [], request), format, table);
  const signed = openSignedEntries(folder, key);
  const report = await buildReport(kind, readEntries(folder), { ...request, signed });
  switch (format) {
    case "text":
      return { report, text: renderReportText(report), files: [] };
    case "json":
      return { report, text: `${JSON.stringify(report)}\n`, files: [] };
    case "csv":
      return { report, text: renderReportCsv(report, table ?? ""), files: [] };
    case "html":
      return { report, text: renderReportHtml(report), files: [] };
    case "folder": {
      const proved = await proveListed(report, signed, mostProofCharacters);
      const files = planReportFolder(report, proved, readVerifier());
      return { report, text: `${files.length} files, receipts of ${proved.length} entries among them; --to <folder> writes them\n`, files };
    }
    default:
      return format satisfies never;
  }
}

/** @throws InstarError INPUT_INVALID */
function assertTable(report: Report, format: ReportQuestion["format"], table: string | undefined): void {
  const advice = `Say --table, one of: ${listCsvTables(report).join(", ")}; --to <folder> writes all of them.`;
  if (format === "csv" && table === undefined) throw new InstarError("INPUT_INVALID", "CSV holds one table, and it was not said which", { advice });
  if (format === "csv") renderReportCsv(report, table ?? "");
  else if (table !== undefined)
    throw new InstarError("INPUT_INVALID", "a single table is written as CSV only", { facts: { table }, advice: "Say --format csv." });
}

/** The answer is one text in the end; 12,000 usual ones are 25 million. */
const MOST_PROOF_CHARACTERS = 64 * 1_048_576;

/** The newest ones, where not all of them have room. Ascending. */
async function proveListed({ entries }: Report, signed: SignedEntries | undefined, mostCharacters: number): Promise<ProvedEntry[]> {
  const proved: ProvedEntry[] = [];
  if (signed === undefined) return proved;
  let left = mostCharacters;
  for await (const each of signed.prove(entries.listed.map(({ index }) => index).toReversed())) {
    left -= each.entry.length + each.receipt.length;
    if (left < 0) break;
    proved.push(each);
  }
  return proved.toReversed();
}
