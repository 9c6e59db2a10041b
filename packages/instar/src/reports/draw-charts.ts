import type { ReportChart } from "@instar/protocol";
import { type Markup, markup } from "./markup.ts";
import { renderValue } from "./render-value.ts";

type Of<Kind extends ReportChart["kind"]> = Extract<ReportChart, { readonly kind: Kind }>;

/** A chart as an SVG that stands for itself: a title, a description, colours from the page's classes, no script. Beside it the page has its numbers as a table. */
export function drawChart(chart: ReportChart): Markup {
  switch (chart.kind) {
    case "bars":
      return drawBars(chart);
    case "shares":
      return drawShares(chart);
    case "durations":
      return drawDurations(chart);
    default:
      return chart satisfies never;
  }
}

const WIDTH = 720;
/** Room for the names of rows, and for the numbers behind them. */
const NAMES = 190;
const NUMBERS = 110;
const ROW = 26;
/** About the width of a letter. */
const LETTER = 7;

/** Which colour a series has, wherever it occurs: the classes are in the page's style. */
const COLOURS: Readonly<Record<string, string>> = {
  committed: "good",
  "rolled-back": "bad",
  refused: "warn",
  cancelled: "calm",
  superseded: "other",
  "stuck-resolved": "dark",
  other: "plain",
  "by itself": "bad",
  "by a person": "calm",
};
const colourOf = (series: string) => (Object.hasOwn(COLOURS, series) ? (COLOURS[series] ?? "plain") : "plain");

function drawBars({ id, title, per, series, bars }: Of<"bars">): Markup {
  const height = 200;
  const base = 150;
  const top = 14;
  const left = 34;
  const totals = bars.map(({ values }) => values.reduce((sum, value) => sum + value, 0));
  const most = Math.max(1, ...totals);
  const step = (WIDTH - left - 10) / Math.max(1, bars.length);
  const heightOf = (value: number) => ((base - top) * value) / most;
  const columns = bars.map(({ label, values }, index) => {
    let y = base;
    return values.flatMap((value, place) => {
      if (value === 0) return [];
      y -= heightOf(value);
      const name = series[place] ?? "";
      const x = round(left + index * step + step * 0.1);
      return markup`<rect class="${colourOf(name)}" x="${x}" y="${round(y)}" width="${round(step * 0.8)}" height="${round(heightOf(value))}"><title>${label}: ${value} ${name}</title></rect>`;
    });
  });
  return frame(id, title, height, `Bars, one per ${per}; the highest is ${Math.max(0, ...totals)}.`, [
    ...scaleOf(most).map(
      (value) =>
        markup`<line class="grid" x1="${left}" x2="${WIDTH - 10}" y1="${round(base - heightOf(value))}" y2="${round(base - heightOf(value))}"/><text class="end" x="${left - 6}" y="${round(base - heightOf(value) + 4)}">${value}</text>`,
    ),
    columns.flat(),
    ...labelPlaces(bars.length).map(
      (index) =>
        markup`<text class="middle" x="${round(left + (index + 0.5) * step)}" y="${base + 16}">${bars[index]?.label.slice(per === "day" || per === "week" ? 5 : 0) ?? ""}</text>`,
    ),
    drawLegend(series, left, height - 12),
  ]);
}

function drawLegend(series: readonly string[], left: number, y: number): Markup[] {
  let x = left;
  return series.map((name) => {
    const at = x;
    x += 30 + name.length * LETTER;
    return markup`<rect class="${colourOf(name)}" x="${at}" y="${y - 10}" width="11" height="11"/><text x="${at + 16}" y="${y}">${name}</text>`;
  });
}

function drawShares({ id, title, parts }: Of<"shares">): Markup {
  const shown = shorten(parts);
  const all = parts.reduce((sum, { value }) => sum + value, 0);
  const most = Math.max(1, ...shown.map(({ value }) => value));
  const scale = (WIDTH - NAMES - NUMBERS - 10) / most;
  const rows = shown.map(({ label, value }, index) => {
    const y = index * ROW + 8;
    return markup`<text class="end" x="${NAMES - 8}" y="${y + 13}">${cut(label)}</text><rect class="${colourOf(label)}" x="${NAMES}" y="${y}" width="${round(value * scale)}" height="${ROW - 9}"><title>${label}: ${value} of ${all}</title></rect><text x="${round(NAMES + value * scale + 6)}" y="${y + 13}">${value} (${renderValue(all === 0 ? null : value / all, "share")})</text>`;
  });
  return frame(id, title, shown.length * ROW + 12, `Bars, one per group; ${all} in all.`, rows);
}

/** A line from the median to the 90th percentile, on a logarithmic scale: steps take from milliseconds to days. */
function drawDurations({ id, title, rows: all }: Of<"durations">): Markup {
  const rows = all.slice(0, MOST_ROWS);
  const { xOf, ticks } = planScale(rows.flatMap(({ medianMs, p90Ms }) => [medianMs, p90Ms]));
  const base = rows.length * ROW + 10;
  return frame(id, title, base + 24, "Per row a dot at the median and a line to the 90th percentile, on a logarithmic scale.", [
    ...ticks.map(
      (ms) =>
        markup`<line class="grid" x1="${xOf(ms)}" x2="${xOf(ms)}" y1="4" y2="${base}"/><text class="middle" x="${xOf(ms)}" y="${base + 16}">${renderValue(ms, "ms")}</text>`,
    ),
    ...rows.map(({ label, n, medianMs, p90Ms }, index) => {
      const y = index * ROW + ROW / 2 + 4;
      const said = `${label}: median ${renderValue(medianMs, "ms")}, 90th percentile ${renderValue(p90Ms, "ms")}, n = ${n}`;
      return markup`<g><title>${said}</title><text class="end" x="${NAMES - 8}" y="${y + 4}">${cut(label)}</text><line class="span" x1="${xOf(medianMs)}" x2="${xOf(p90Ms)}" y1="${y}" y2="${y}"/><line class="span" x1="${xOf(p90Ms)}" x2="${xOf(p90Ms)}" y1="${y - 6}" y2="${y + 6}"/><circle class="calm" cx="${xOf(medianMs)}" cy="${y}" r="5"/><text x="${round(xOf(p90Ms) + 10)}" y="${y + 4}">${renderValue(medianMs, "ms")}</text></g>`;
    }),
  ]);
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Times that people count in: a power of ten of ms would be 16 min 40 s. */
const TICKS_MS = [1, 10, 100, 1_000, 10_000, MINUTE_MS, 10 * MINUTE_MS, 60 * MINUTE_MS, 6 * 60 * MINUTE_MS, DAY_MS, 7 * DAY_MS, 30 * DAY_MS, 365 * DAY_MS];

/** From the tick below the least to the one above the most; of ticks that would touch, the later ones go. */
function planScale(times: readonly number[]): { readonly xOf: (ms: number) => number; readonly ticks: readonly number[] } {
  const least = Math.max(1, Math.min(...times));
  const most = Math.max(10, ...times);
  const from = TICKS_MS.findLast((ms) => ms <= least) ?? 1;
  const to = Math.max(TICKS_MS.find((ms) => ms >= most) ?? most, from * 10);
  const scale = (WIDTH - NAMES - NUMBERS) / Math.log(to / from);
  const xOf = (ms: number) => round(NAMES + Math.log(Math.max(ms, from) / from) * scale);
  const ticks: number[] = [];
  for (const ms of TICKS_MS) {
    const before = ticks.at(-1);
    if (ms >= from && ms <= to && (before === undefined || xOf(ms) - xOf(before) >= 8 * LETTER)) ticks.push(ms);
  }
  return { xOf, ticks };
}

function frame(id: string, title: string, height: number, said: string, inside: readonly (Markup | readonly Markup[])[]): Markup {
  const name = `chart-${id}`;
  return markup`<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="${name}-title ${name}-desc"><title id="${name}-title">${title}</title><desc id="${name}-desc">${said}</desc>${inside.flat()}</svg>`;
}

/** More rows than this are no picture any more; the table has them all. */
const MOST_ROWS = 20;

function shorten(parts: Of<"shares">["parts"]): readonly { readonly label: string; readonly value: number }[] {
  if (parts.length <= MOST_ROWS) return parts;
  const rest = parts.slice(MOST_ROWS - 1);
  return [...parts.slice(0, MOST_ROWS - 1), { label: `${rest.length} others`, value: rest.reduce((sum, { value }) => sum + value, 0) }];
}

const cut = (text: string) => (text.length <= 26 ? text : `${text.slice(0, 25).toWellFormed()}…`);
const round = (value: number) => Math.round(value * 10) / 10;

/** Nought, the half where it is a whole number, and the most. */
const scaleOf = (most: number) => (most % 2 === 0 ? [0, most / 2, most] : [0, most]);

/** Eight labels have room. */
function labelPlaces(bars: number): number[] {
  const every = Math.max(1, Math.ceil(bars / 8));
  return Array.from({ length: Math.ceil(bars / every) }, (_, index) => index * every);
}
