import type { ExplainView, MetricsSeriesView, SeriesPoint } from "@instar/protocol";
import { expect, test } from "vitest";
import { planCharts, planTriggerChart } from "./plan-charts.ts";

const point = (minute: number, parts: Partial<SeriesPoint> = {}): SeriesPoint => ({
  at: new Date(Date.UTC(2026, 10, 29, 18, minute)).toISOString(),
  ...{ tickMs: minute * 60_000, coveredMs: 60_000, requests: 10, failed: 1, failedShare: { value: 0.1, lower: 0.02, upper: 0.4 } },
  ...{ medianMs: 5, p95Ms: 20, healthChecks: 12, healthFailed: 0, restarts: 0, residentBytes: null, eventLoopDelayMs: null, logErrors: null, metrics: {} },
  ...parts,
});
const series = (parts: Partial<MetricsSeriesView> = {}): MetricsSeriesView => ({
  ...{ sinceMs: 3_600_000, update: "u1", bounds: null, moments: [] },
  versions: [
    { role: "candidate", release: "r2", version: "1.1.0", points: [point(5), point(6)] },
    { role: "before", release: "r1", version: "1.0.0", points: [point(1), point(2)] },
  ],
  ...parts,
});

test("both versions are drawn, and around the candidate's share the band of what is known of it", () => {
  const [failures] = planCharts(series());
  expect(failures?.lines.map(({ label, isEdge }) => [label, isEdge ?? false])).toEqual([
    ["1.1.0 (candidate)", false],
    ["1.0.0 (before)", false],
    ["at most", true],
    ["at least", true],
  ]);
  expect(failures?.bands).toEqual([{ upper: 2, lower: 3 }]);
  expect(failures?.limits).toEqual([]);
});

test("what nobody measured is no chart, and what was measured once is one", () => {
  expect(planCharts(series()).map(({ id }) => id)).toEqual(["failures", "p95", "median", "requests"]);
  const some = series({ versions: [{ role: "serving", release: "r2", version: null, points: [point(1, { residentBytes: 5, metrics: { queue: 3 } })] }] });
  expect(planCharts(some).map(({ id }) => id)).toEqual(["failures", "p95", "median", "requests", "memory", "own-queue"]);
  expect(planCharts(series({ versions: [] }))).toEqual([]);
});

test("limits are those of the watch", () => {
  const bounds = { errorShare: 0.1, usualErrors: null, usualLatency: { p50Ms: 4, p95Ms: 30 }, slowdown: 1.5, usualBytes: null };
  const charts = planCharts(series({ bounds }));
  expect(charts.find(({ id }) => id === "failures")?.limits).toEqual([{ label: "allowed", value: 0.1 }]);
  expect(charts.find(({ id }) => id === "p95")?.limits).toEqual([{ label: "1.5 times the version before at worst", value: 45 }]);
});

test("a trigger's looks are a line each of what was computed and what it is held to", () => {
  const finding = {
    trigger: "error_rate_spike",
    gate: "rollback",
    verdict: "pass",
    because: "",
    statistic: 0.2,
    bound: 0.1,
    threshold: 3,
    samples: 9,
    nextLookMs: 1,
    raisedAtTickMs: null,
  } as const;
  const looks = [{ at: "2026-11-29T18:00:00.000Z", findings: [finding] }] as unknown as ExplainView["looks"];
  expect(planTriggerChart(looks, "error_rate_spike")?.lines.map(({ points }) => points[0]?.value)).toEqual([0.2, 0.1, 3]);
  expect(planTriggerChart(looks, "crash_loop")).toBeNull();
});
