import { createHash } from "node:crypto";
import type { Report, ReportChart, ReportCheckpoint, ReportFigure, ReportSection, ReportTable, ReportUnit } from "@instar/protocol";
import { drawChart } from "./draw-charts.ts";
import { Markup, markup } from "./markup.ts";
import { renderTime, renderValue } from "./render-value.ts";
import { REPORT_STYLE } from "./report-style.ts";

/** What lies beside the page and is linked. */
export interface Beside {
  /** Names of `tables/<name>.csv`. */
  readonly tables: readonly string[];
  /** Entries of which `proofs/<index>.tlog-proof` and `proofs/<index>.json` are there. */
  readonly proved: ReadonlySet<number>;
}

/** A page of more rows is slow to open and read by nobody; the other forms of the report have all. */
const MOST_ROWS = 2_000;
/** Links to entries at one place of a table; a figure has all that are listed, so that they can be counted. */
const MOST_LINKS = 100;

/**
 * A report as one page of HTML that needs nothing else: no script, no other host, nothing loaded. Texts of candidates, of upstream and of people are text,
 * wherever they stand. Each figure links to the entries that it rests on, at the end of the page.
 */
export function renderReportHtml(report: Report, { beside }: { readonly beside?: Beside } = {}): string {
  const { kind, instance, madeAt, from, to, sections } = report;
  const title = `${TITLES[kind]} of ${instance}`;
  const listed: Listed = { has: new Set(report.entries.listed.map(({ index }) => index)) };
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${new Markup(STYLE_DIGEST)}'; base-uri 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${new Markup(REPORT_STYLE)}</style>
</head>
<body>
<a class="skip" href="#report">To the report</a>
<header>
<h1>${TITLES[kind]} of <bdi>${instance}</bdi></h1>
<p>From ${renderTimeElement(from)} to ${renderTimeElement(to)}, made ${renderTimeElement(madeAt)}. All times are UTC, by the instance's wall clock.</p>
<p class="faint">${sayRead(report)}</p>
</header>
<nav aria-label="Sections"><ul>${sections.map(({ section, title: name }) => markup`<li><a href="#section-${section}">${name}</a></li>`)}<li><a href="#entries">Entries</a></li>${beside === undefined ? "" : markup`<li><a href="#files">Files</a></li>`}</ul></nav>
<main id="report">
${sections.map((section) => renderSection(section, listed))}
${renderEntries(report, beside)}
${beside === undefined ? "" : renderBeside(beside)}
</main>
</body>
</html>
`;
  return page.text;
}

const TITLES: Readonly<Record<Report["kind"], string>> = {
  all: "Report",
  updates: "Updates",
  failures: "Failed updates",
  rollbacks: "Rollbacks",
  security: "Security updates",
  performance: "Performance",
};

/** The browser applies no other style than this one. */
const STYLE_DIGEST = createHash("sha256").update(REPORT_STYLE).digest("base64");

interface Listed {
  readonly has: ReadonlySet<number>;
}

const renderTimeElement = (iso: string): Markup => markup`<time datetime="${iso}">${renderTime(iso)}</time>`;

function sayRead({ read }: Report): string {
  const range = read.first === null || read.last === null ? "" : `, ${read.first} to ${read.last}`;
  const unreadable = read.unreadable === 0 ? "" : ` ${read.unreadable} entries could not be read by this Instar and are not counted.`;
  return `Made from ${read.entries} entries of the ledger${range}. Each figure names the entries that it was computed from.${unreadable}`;
}

function renderSection({ section, title, because, figures, charts, tables }: ReportSection, listed: Listed): Markup {
  return markup`<section id="section-${section}" aria-labelledby="title-${section}">
<h2 id="title-${section}">${title}</h2>
<p>${because}</p>
${renderFigures(title, figures, listed)}
${charts.map((chart) => renderChart(chart, listed))}
${tables.map((table) => renderTable(table, listed))}
</section>
`;
}

function renderFigures(title: string, figures: readonly ReportFigure[], listed: Listed): Markup {
  const rows = figures.map(({ label, value, unit, n, interval, because, entries }) => {
    const between =
      interval === null
        ? ""
        : ` (${renderValue(interval.lower, "share")} to ${renderValue(interval.upper, "share")} at ${renderValue(interval.level, "share")})`;
    return markup`<tr><th scope="row">${label}</th><td class="number">${renderValue(value, unit)}${between}</td><td class="number">${n}</td><td>${because}</td><td>${renderAllLinks(entries, listed)}</td></tr>
`;
  });
  return renderTableOf("Figures", title, ["Figure", "Value", "n", "What was counted", "Entries"], rows);
}

function renderTableOf(caption: string, of: string, heads: readonly string[], rows: readonly Markup[]): Markup {
  return markup`<div class="wide" tabindex="0" role="region" aria-label="${caption}: ${of}"><table><caption>${caption}</caption>
<thead><tr>${heads.map((head) => markup`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>
${rows}</tbody></table></div>
`;
}

function renderChart(chart: ReportChart, listed: Listed): Markup {
  const { heads, rows } = tabulate(chart);
  if (rows.length === 0) return markup`<h3>${chart.title}</h3><p class="faint">There is nothing to show.</p>`;
  const body = rows.map(
    ({ name, cells, entries }) =>
      markup`<tr><th scope="row"><bdi>${name}</bdi></th>${cells.map((cell) => markup`<td class="number">${cell}</td>`)}<td>${renderLinks(entries, listed)}</td></tr>
`,
  );
  return markup`<h3>${chart.title}</h3>
<figure>${drawChart(chart)}</figure>
<details open><summary>${chart.title}, as a table</summary>
${renderTableOf("The chart's numbers", chart.title, [...heads, "Entries"], body)}</details>
`;
}

interface ChartRow {
  readonly name: string;
  readonly cells: readonly string[];
  readonly entries: readonly number[];
}

/** A chart's numbers; of bars only those that are not empty. */
function tabulate(chart: ReportChart): { readonly heads: readonly string[]; readonly rows: readonly ChartRow[] } {
  switch (chart.kind) {
    case "bars":
      return {
        heads: [`The ${chart.per} from`, ...chart.series],
        rows: chart.bars.flatMap(({ label, values, entries }) => (entries.length === 0 ? [] : [{ name: label, cells: values.map(String), entries }])),
      };
    case "shares":
      return { heads: ["Group", "Number"], rows: chart.parts.map(({ label, value, entries }) => ({ name: label, cells: [String(value)], entries })) };
    case "durations":
      return {
        heads: ["Group", "n", "Median", "90th percentile", "Longest"],
        rows: chart.rows.map(({ label, n, medianMs, p90Ms, longestMs, entries }) => ({
          name: label,
          cells: [String(n), ...[medianMs, p90Ms, longestMs].map((ms) => renderValue(ms, "ms"))],
          entries,
        })),
      };
    default:
      return chart satisfies never;
  }
}

function renderTable({ title, because, columns, rows }: ReportTable, listed: Listed): Markup {
  if (rows.length === 0) return markup`<h3>${title}</h3><p class="faint">There are none.</p>`;
  const shown = rows.slice(-MOST_ROWS);
  const more = shown.length === rows.length ? "" : ` The newest ${shown.length} of ${rows.length}: the report as CSV or JSON has them all.`;
  const body = shown.map(
    ({ cells, entries }) =>
      markup`<tr>${cells.map((cell, index) => renderCell(cell, columns[index]?.unit ?? "text"))}<td>${renderLinks(entries, listed)}</td></tr>
`,
  );
  return markup`<h3>${title}</h3><p class="faint">${because}.${more}</p>
${renderTableOf(title, "rows", [...columns.map(({ label }) => label), "Entries"], body)}`;
}

function renderCell(cell: string | number | null, unit: ReportUnit): Markup {
  if (unit === "time" && typeof cell === "string") return markup`<td>${renderTimeElement(cell)}</td>`;
  if (unit === "text" && cell !== null) return markup`<td class="text"><bdi>${renderValue(cell, unit)}</bdi></td>`;
  return markup`<td class="number">${renderValue(cell, unit)}</td>`;
}

/** The first and the last few at once, the rest behind a click; what is not listed is named without a link. */
function renderLinks(entries: readonly number[], { has }: Listed): Markup {
  const link = (index: number) => (has.has(index) ? markup`<a href="#entry-${index}">${index}</a>` : markup`${index}`);
  const row = (some: readonly number[]) => some.map((index, place) => markup`${place === 0 ? "" : " "}${link(index)}`);
  if (entries.length === 0) return markup`<span class="faint">none</span>`;
  if (entries.length <= 4) return markup`${row(entries)}`;
  const shown = entries.slice(-MOST_LINKS);
  const older = shown.length === entries.length ? "" : ` and ${entries.length - shown.length} before them`;
  return markup`<details><summary>${entries.length} entries, ${entries[0] ?? 0} to ${entries.at(-1) ?? 0}</summary>${row(shown)}${older}</details>`;
}

/** Every entry of a figure that is listed, and how many more there are: together they are its entries. */
function renderAllLinks(entries: readonly number[], listed: Listed): Markup {
  const shown = entries.filter((index) => listed.has.has(index));
  if (entries.length <= 4) return renderLinks(entries, listed);
  const rest = shown.length === entries.length ? "" : ` and ${entries.length - shown.length} older ones that are not listed here`;
  return markup`<details><summary>${entries.length} entries, ${entries[0] ?? 0} to ${entries.at(-1) ?? 0}</summary>${shown.map((index, place) => markup`${place === 0 ? "" : " "}<a href="#entry-${index}">${index}</a>`)}${rest}</details>`;
}

function renderEntries({ entries: { total, listed }, checkpoint }: Report, beside: Beside | undefined): Markup {
  const hasHashes = listed.some(({ leafHash }) => leafHash !== null);
  const hasProofs = (beside?.proved.size ?? 0) > 0;
  const more = listed.length === total ? "" : ` The newest ${listed.length} of ${total} are listed.`;
  const rows = listed.map(({ index, at, event, by, description, leafHash }) => {
    const hash = hasHashes ? markup`<td class="hash"><code>${leafHash ?? "–"}</code></td>` : markup``;
    const proof = hasProofs ? markup`<td>${beside?.proved.has(index) === true ? renderProofLinks(index) : "–"}</td>` : markup``;
    return markup`<tr id="entry-${index}"><th scope="row" class="number">${index}</th><td>${renderTimeElement(at)}</td><td>${event}</td><td class="text"><bdi>${by}</bdi></td><td class="text"><bdi>${description}</bdi></td>${hash}${proof}</tr>
`;
  });
  const heads = ["Entry", "Time", "Event", "By", "Description", ...(hasHashes ? ["Leaf hash"] : []), ...(hasProofs ? ["Proof"] : [])];
  return markup`<section id="entries" aria-labelledby="title-entries">
<h2 id="title-entries">Entries</h2>
<p>The entries of the ledger that the figures rest on.${more}</p>
${checkpoint === null ? "" : renderCheckpoint(checkpoint)}
${listed.length === 0 ? markup`<p class="faint">There are none.</p>` : renderTableOf("Entries of the ledger", "what the figures rest on", heads, rows)}</section>`;
}

const renderProofLinks = (index: number): Markup =>
  markup`<a href="proofs/${index}.tlog-proof">proof of ${index}</a> <a href="proofs/${index}.json">its bytes</a>`;

function renderCheckpoint({ size, key, note }: ReportCheckpoint): Markup {
  return markup`<p>Their leaf hashes are those of the ledger's tree (RFC 6962) of ${size} entries. Its head was signed, and this key verifies it: <code>${key}</code></p>
<pre>${note}</pre>
`;
}

function renderBeside({ tables, proved }: Beside): Markup {
  const verify = "node verify.mjs proof proofs/12.tlog-proof proofs/12.json --key …";
  return markup`<section id="files" aria-labelledby="title-files">
<h2 id="title-files">Files beside this page</h2>
<ul><li><a href="report.json">report.json</a></li>${tables.map((table) => markup`<li><a href="tables/${table}.csv">${table}.csv</a></li>`)}</ul>
${proved.size === 0 ? "" : markup`<p>${proved.size} entries lie here with a receipt. On any machine with Node 18 or newer <code>${verify}</code> checks that of entry 12, with the key that you were given before.</p>`}
</section>
`;
}
