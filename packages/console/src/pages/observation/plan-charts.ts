import type { ExplainView, MetricsSeriesView, SeriesPoint } from "@instar/protocol";
import type { ChartBand, ChartLimit, ChartLine } from "../../parts/draw-chart.ts";
import { renderDuration } from "../../parts/render-time.ts";

export interface PlannedChart {
  readonly id: string;
  readonly title: string;
  readonly says: string;
  readonly lines: readonly ChartLine[];
  readonly bands: readonly ChartBand[];
  readonly limits: readonly ChartLimit[];
  readonly render: (value: number) => string;
}

type Pick = (point: SeriesPoint) => number | null;

const percent = (value: number): string => `${(value * 100).toFixed(value < 0.1 ? 1 : 0)} %`;
const bytes = (value: number): string => (value >= 1_073_741_824 ? `${(value / 1_073_741_824).toFixed(1)} GiB` : `${Math.round(value / 1_048_576)} MiB`);
const number = (value: number): string => (Math.abs(value) >= 100 || Number.isInteger(value) ? String(Math.round(value)) : value.toPrecision(3));

/** What is drawn of the versions: only what somebody measured. Bounds are those of the watch, never ours. Pure. */
export function planCharts({ versions, bounds }: MetricsSeriesView): readonly PlannedChart[] {
  const serving = versions.find(({ role }) => role !== "before");
  const before = versions.find(({ role }) => role === "before");
  if (serving === undefined) return [];
  const named = (version: MetricsSeriesView["versions"][number], role: string) => `${version.version ?? version.release.slice(0, 12)} (${role})`;
  const linesOf = (pick: Pick): ChartLine[] => [
    { label: named(serving, serving.role), tone: "main", points: pointsOf(serving.points, pick) },
    ...(before === undefined ? [] : [{ label: named(before, "before"), tone: "before" as const, points: pointsOf(before.points, pick) }]),
  ];
  const edges: ChartLine[] = [
    { label: "at most", tone: "bound", isEdge: true, points: pointsOf(serving.points, ({ failedShare }) => failedShare?.upper ?? null) },
    { label: "at least", tone: "bound", isEdge: true, points: pointsOf(serving.points, ({ failedShare }) => failedShare?.lower ?? null) },
  ];
  const shares = linesOf(({ failedShare }) => failedShare?.value ?? null);
  const usualMs = bounds?.usualLatency ?? null;
  const own = [...new Set(versions.flatMap(({ points }) => points.flatMap(({ metrics }) => Object.keys(metrics))))].sort();
  const charts: PlannedChart[] = [
    {
      id: "failures",
      title: "Share of requests that failed",
      says: "The band is where the share lies with 95 % confidence: narrow once enough was asked.",
      lines: [...shares, ...edges],
      bands: [{ upper: shares.length, lower: shares.length + 1 }],
      limits: bounds === null ? [] : [{ label: "allowed", value: bounds.errorShare }],
      render: percent,
    },
    {
      id: "p95",
      title: "Latency, 95 of 100 requests are quicker",
      says: "From forwarding a request to the head of the answer.",
      lines: linesOf(({ p95Ms }) => p95Ms),
      bands: [],
      limits:
        usualMs === null || bounds === null ? [] : [{ label: `${bounds.slowdown} times the version before at worst`, value: usualMs.p95Ms * bounds.slowdown }],
      render: renderDuration,
    },
    {
      id: "median",
      title: "Latency, half of the requests are quicker",
      says: "",
      lines: linesOf(({ medianMs }) => medianMs),
      bands: [],
      limits: [],
      render: renderDuration,
    },
    {
      id: "requests",
      title: "Requests",
      says: "In each span of the chart.",
      lines: linesOf(({ requests }) => requests),
      bands: [],
      limits: [],
      render: number,
    },
    {
      id: "memory",
      title: "Memory of the whole process tree",
      says: "",
      lines: linesOf(({ residentBytes }) => residentBytes),
      bands: [],
      limits: bounds?.usualBytes == null ? [] : [{ label: "the most that the version before took", value: bounds.usualBytes }],
      render: bytes,
    },
    {
      id: "eventLoop",
      title: "How late the event loop runs",
      says: "",
      lines: linesOf(({ eventLoopDelayMs }) => eventLoopDelayMs),
      bands: [],
      limits: [],
      render: renderDuration,
    },
    {
      id: "logErrors",
      title: "Lines of the log that tell of an error",
      says: "In each span of the chart.",
      lines: linesOf(({ logErrors }) => logErrors),
      bands: [],
      limits: [],
      render: number,
    },
    ...own.map((name) => ({
      id: `own-${name}`,
      title: name,
      says: "A metric of your own.",
      lines: linesOf(({ metrics }) => metrics[name] ?? null),
      bands: [],
      limits: [],
      render: number,
    })),
  ];
  return charts.filter(({ lines }) => lines.some(({ points }) => points.some(({ value }) => value !== null)));
}

const pointsOf = (points: readonly SeriesPoint[], pick: Pick): ChartLine["points"] =>
  points.map((point) => ({ atMs: Date.parse(point.at), value: pick(point) }));

/** How one trigger came to its verdicts, look by look: what it computed, and what that is held to. Null where it computed nothing. Pure. */
export function planTriggerChart(looks: ExplainView["looks"], trigger: string): PlannedChart | null {
  const found = looks.flatMap(({ at, findings }) => {
    const finding = findings.find((each) => each.trigger === trigger);
    return finding === undefined ? [] : [{ atMs: Date.parse(at), finding }];
  });
  if (!found.some(({ finding }) => finding.statistic !== null)) return null;
  const line = (label: string, tone: ChartLine["tone"], pick: (finding: (typeof found)[number]["finding"]) => number | null): ChartLine => ({
    label,
    tone,
    points: found.map(({ atMs, finding }) => ({ atMs, value: pick(finding) })),
  });
  return {
    id: `trigger-${trigger}`,
    title: `${trigger.replaceAll("_", " ")}, look by look`,
    says: "What was computed at each recorded look, the bound that it is judged by, and what it is held to.",
    lines: [
      line("computed", "main", ({ statistic }) => statistic),
      line("bound", "before", ({ bound }) => bound),
      line("held to", "bound", ({ threshold }) => threshold),
    ],
    bands: [],
    limits: [],
    render: number,
  };
}
