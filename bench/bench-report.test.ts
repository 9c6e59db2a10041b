import { describe, expect, it } from "vitest";
import { bar, row } from "./bench-report.ts";
import { median, percentile } from "./percentile.ts";
import { planBars } from "./plan-bars.ts";
import { renderBench } from "./render-bench.ts";

describe("percentiles", () => {
  it("are values that were measured, whatever the order", () => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(percentile(hundred, 0.5)).toBe(50);
    expect(percentile(hundred, 0.99)).toBe(99);
    expect(percentile(hundred, 1)).toBe(100);
    expect(percentile([7], 0.01)).toBe(7);
  });

  it("sort by size, not by spelling", () => {
    expect(percentile([9, 10, 100], 1)).toBe(100);
    expect(median([100, 9, 10])).toBe(10);
    expect(median([1, 2, 10, 11])).toBe(6);
  });

  it("of nothing are not a number", () => {
    expect(percentile([], 0.99)).toBeNaN();
    expect(median([])).toBeNaN();
  });
});

describe("a bar", () => {
  it.each([
    ["== 0", 0, true],
    ["== 0", 1, false],
    ["<= 3", 3, true],
    ["<= 3", 3.01, false],
    [">= 0.4", 0.4, true],
    [">= 0.4", 0.39, false],
  ] as const)("%s with %d: met %s", (want, got, met) => {
    expect(bar("it", want, got)).toEqual({ what: "it", want, got, met });
  });

  it("is missed where nothing was measured", () => {
    expect(bar("it", "== 0", null).met).toBe(false);
    expect(bar("it", "<= 3", Number.NaN)).toMatchObject({ got: null, met: false });
  });

  it("is missed for every part that was left out", () => {
    expect(planBars(undefined, undefined)).toHaveLength(7);
    expect(planBars(undefined, undefined).filter(({ met }) => met)).toEqual([]);
  });
});

describe("the report", () => {
  const switches = { rows: [], failedInSwitches: 0, failedInReplacements: 2, p99Ratio: 2.5, awayAfterKillS: 0.7 };
  const throughput = { rows: [], toNginx: 0.6, toHttpProxy: 3, addedMedianMs: 0.05 };
  const report = {
    machine: { cores: 2 },
    rows: [
      row("requests", "requests", 20_000, "nginx", 10_000),
      row("way back, median", "ms", 12.345678, null, null),
      row("failed", "failed", 1, "PM2", null, "not installed"),
    ],
    bars: planBars(switches, throughput),
  };

  it("keeps its shape in JSON: what was not measured is null", () => {
    expect(JSON.parse(JSON.stringify(report.rows))).toEqual([
      { what: "requests", unit: "requests", ours: 20_000, peer: 10_000, peerName: "nginx", ratio: 2 },
      { what: "way back, median", unit: "ms", ours: 12.35, peer: null, peerName: null, ratio: null },
      { what: "failed", unit: "failed", ours: 1, peer: null, peerName: "PM2", ratio: null, note: "not installed" },
    ]);
    for (const each of report.bars) expect(Object.keys(each)).toEqual(["what", "want", "got", "met"]);
  });

  it("has no ratio to nothing", () => {
    expect(row("failed", "failed", 3, "nginx", 0).ratio).toBeNull();
  });

  it("says in the table which bar was missed", () => {
    expect(renderBench(report)).toMatchInlineSnapshot(`
      "
      cores: 2

                                  Instar  peer          ratio
      requests          requests  20000   10000  nginx  2x
      way back, median  ms        12.3    -
      failed            failed    1       -      PM2           not installed

      bar                                                  wanted  got
      requests failed across Instar's switches, both ways  == 0    0     met
      requests failed across Instar's keeper replacements  == 0    2     MISSED
      Instar's p99 during a switch / steady                <= 3    2.50  met
      seconds without a front after SIGKILL of the keeper  <= 2    0.70  met
      throughput / nginx, 32 connections                   >= 0.4  0.60  met
      throughput / http-proxy-3, 32 connections            >= 1.2  3     met
      median added at 1 connection, ms                     <= 0.3  0.05  met

      !!! 1 of 7 bars MISSED: requests failed across Instar's keeper replacements !!!
      "
    `);
  });

  it("says so too where all are met", () => {
    expect(renderBench({ ...report, bars: planBars({ ...switches, failedInReplacements: 0 }, throughput) })).toContain("Every bar is met.");
  });
});
