import { z } from "zod";

/** What a report may be about; `all` is every section in this order. */
export const REPORT_SECTIONS = ["updates", "failures", "rollbacks", "security", "performance"] as const;
export type ReportSectionKind = (typeof REPORT_SECTIONS)[number];
export const REPORT_KINDS = [...REPORT_SECTIONS, "all"] as const;
export type ReportKind = (typeof REPORT_KINDS)[number];

/** What a number counts: a share is 0 to 1, a time is ISO 8601 in UTC and stands in a cell as text. */
export const REPORT_UNITS = ["count", "ms", "share", "time", "text"] as const;
export type ReportUnit = (typeof REPORT_UNITS)[number];

const entries = z.array(z.int().min(0)).describe("Indices of the ledger's entries that it was computed from, ascending");

const reportFigure = z.object({
  id: z.string().describe("Always the same word for the same figure"),
  label: z.string(),
  value: z.number().nullable().describe("Null where nothing was measured"),
  unit: z.enum(REPORT_UNITS),
  n: z.int().min(0).describe("Of how many it was computed: updates, measurements or requests, as `because` says"),
  interval: z
    .object({ lower: z.number(), upper: z.number(), level: z.number() })
    .nullable()
    .describe("Of a share: Wilson's score interval at `level`; null where none is given"),
  because: z.string().describe("What was counted and what was not; where there is no value, why"),
  countsEntries: z.boolean().describe("True where the value is the number of `entries`: each of them is one of what was counted"),
  entries,
});
export type ReportFigure = z.output<typeof reportFigure>;

const cell = z.union([z.string(), z.number()]).nullable();
export type ReportCell = z.output<typeof cell>;

const reportTable = z.object({
  id: z.string(),
  title: z.string(),
  because: z.string().describe("What its rows are"),
  columns: z.array(z.object({ id: z.string(), label: z.string(), unit: z.enum(REPORT_UNITS) })),
  rows: z.array(z.object({ cells: z.array(cell), entries })),
});
export type ReportTable = z.output<typeof reportTable>;

const reportChart = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("bars"),
    id: z.string(),
    title: z.string(),
    per: z.string().describe("What one bar stands for: day, week (from Monday), month …, in UTC"),
    series: z.array(z.string()).describe("What each bar is stacked of"),
    bars: z.array(z.object({ label: z.string(), values: z.array(z.int()), entries })),
  }),
  z.object({
    kind: z.literal("shares"),
    id: z.string(),
    title: z.string(),
    parts: z.array(z.object({ label: z.string(), value: z.int(), entries })),
  }),
  z.object({
    kind: z.literal("durations"),
    id: z.string(),
    title: z.string(),
    rows: z.array(z.object({ label: z.string(), n: z.int(), medianMs: z.number(), p90Ms: z.number(), longestMs: z.number(), entries })),
  }),
]);
export type ReportChart = z.output<typeof reportChart>;

const reportSection = z.object({
  section: z.enum(REPORT_SECTIONS),
  title: z.string(),
  because: z.string().describe("The section in a sentence; where nothing happened or was measured, that"),
  figures: z.array(reportFigure),
  charts: z.array(reportChart),
  tables: z.array(reportTable),
});
export type ReportSection = z.output<typeof reportSection>;

const reportEntry = z.object({
  index: z.int().min(0),
  at: z.string(),
  event: z.string(),
  by: z.string(),
  update: z.string().nullable(),
  description: z.string().describe("The entry's, on one line, cut, without control characters"),
  leafHash: z.string().nullable().describe("Of the entry in the ledger's tree (RFC 6962), base64; null where the checkpoint does not cover it"),
});
export type ReportEntry = z.output<typeof reportEntry>;

const reportCheckpoint = z.object({
  size: z.int().min(0).describe("How many entries it stands for"),
  root: z.string().describe("Of the tree, base64"),
  key: z.string().describe("What verifies its signature"),
  note: z.string().describe("The signed note, as it is in the ledger's folder"),
});
export type ReportCheckpoint = z.output<typeof reportCheckpoint>;

/** A report from the ledger: figures, tables and charts as plain data, each with the entries that it rests on. */
export const report = z.object({
  kind: z.enum(REPORT_KINDS),
  instance: z.string(),
  madeAt: z.string(),
  from: z.string().describe("Inclusive"),
  to: z.string().describe("Exclusive: what happened later is not looked at, so that the same period gives the same report"),
  read: z.object({
    entries: z.int().describe("Of the period"),
    first: z.int().nullable().describe("Index of the first one of the period"),
    last: z.int().nullable(),
    unreadable: z.int().describe("Entries that this Instar could not read; they are not counted"),
  }),
  sections: z.array(reportSection),
  entries: z.object({
    total: z.int().describe("Different entries that the sections refer to"),
    listed: z.array(reportEntry).describe("Of those, the newest ones"),
  }),
  checkpoint: reportCheckpoint.nullable().describe("The signed head of the ledger whose tree has the leaf hashes; null where nothing was signed yet"),
});
export type Report = z.output<typeof report>;

export const reportFile = z.object({
  path: z.string().describe("Below the report's folder, with / between its parts"),
  text: z.string(),
});
export type ReportFile = z.output<typeof reportFile>;
