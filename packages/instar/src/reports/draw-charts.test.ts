import type { ReportChart } from "@instar/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drawChart } from "./draw-charts.ts";

const SERIES = ["committed", "rolled-back", "refused", "cancelled", "superseded", "stuck-resolved", "other"];
const barsOf = (values: readonly (readonly number[])[]): ReportChart => ({
  ...{ kind: "bars", id: "b", title: "Updates per day", per: "day", series: SERIES },
  bars: values.map((each, index) => ({ label: `2026-03-${String(index + 1).padStart(2, "0")}`, values: [...each], entries: [] })),
});
const sharesOf = (values: readonly number[]): ReportChart => ({
  ...{ kind: "shares", id: "s", title: "How they ended" },
  parts: values.map((value, index) => ({ label: `group ${index}`, value, entries: [] })),
});
const durationsOf = (values: readonly (readonly [number, number])[]): ReportChart => ({
  ...{ kind: "durations", id: "d", title: "How long it took" },
  rows: values.map(([medianMs, more], index) => ({ label: `step ${index}`, n: 1, medianMs, p90Ms: medianMs + more, longestMs: medianMs + more, entries: [] })),
});

const numbersOf = (svg: string, pattern: RegExp) => [...svg.matchAll(pattern)].map(([, text]) => Number(text));
const textsOf = (svg: string, kind: string) =>
  [...svg.matchAll(new RegExp(`<text class="${kind}" x="([^"]*)"[^>]*>([^<]*)`, "g"))].map(([, x, text = ""]) => ({ x: Number(x), text }));

describe("a chart", () => {
  it("stacks its bars: as high together as their share of the highest", () => {
    const svg = drawChart(barsOf([[2, 1], [6]])).text;
    const heights = numbersOf(svg, /height="([\d.]+)"><title>/g);
    expect(heights.map((height) => Math.round((height / (heights[2] ?? 1)) * 6))).toEqual([2, 1, 6]);
    expect(svg).toContain("<title>2026-03-01: 1 rolled-back</title>");
  });
  it("draws nothing for nought, and is a picture all the same", () => {
    for (const chart of [barsOf([]), barsOf([[0], [0]]), sharesOf([]), sharesOf([0]), durationsOf([]), durationsOf([[0, 0]])]) {
      const svg = drawChart(chart).text;
      expect(svg).not.toMatch(/NaN|Infinity|undefined/);
      expect(svg).toContain('role="img"');
    }
  });
  it("of many groups draws the first and sums up the rest", () => {
    const svg = drawChart(sharesOf(Array.from({ length: 50 }, () => 2))).text;
    expect(svg).toContain("31 others");
    expect(numbersOf(svg, /: (\d+) of 100<\/title>/g).reduce((sum, value) => sum + value, 0)).toBe(100);
  });
  it("puts a longer time further to the right, and has ticks that people count in", () => {
    const svg = drawChart(
      durationsOf([
        [800, 200],
        [90_000, 60_000],
        [7_200_000, 1],
      ]),
    ).text;
    const dots = numbersOf(svg, /cx="([\d.]+)"/g);
    expect(dots).toEqual(dots.toSorted((a, b) => a - b));
    expect(textsOf(svg, "middle").map(({ text }) => text)).toEqual(["100 ms", "1.00 s", "10 s", "1 min", "10 min", "1 h", "6 h"]);
  });
  it("lies within its frame with all its parts, and its labels do not touch", () => {
    const count = fc.integer({ min: 0, max: 100_000 });
    const time = fc.integer({ min: 0, max: 10 ** 12 });
    const chart = fc.oneof(
      fc.array(fc.array(count, { minLength: 7, maxLength: 7 }), { maxLength: 62 }).map(barsOf),
      fc.array(count, { maxLength: 30 }).map(sharesOf),
      fc.array(fc.tuple(time, time), { maxLength: 30 }).map(durationsOf),
    );
    fc.assert(
      fc.property(chart, (drawn) => {
        const svg = drawChart(drawn).text;
        const [width = 0, height = 0] = (/viewBox="0 0 (\d+) (\d+)"/.exec(svg) ?? []).slice(1).map(Number);
        for (const [, x, y, w, h] of svg.matchAll(/<rect [^>]*x="([^"]+)" y="([^"]+)" width="([^"]+)" height="([^"]+)"/g)) {
          expect([x, y, w, h].map(Number).every((each) => each >= 0)).toBe(true);
          expect([Number(x) + Number(w) <= width + 0.1, Number(y) + Number(h) <= height + 0.1]).toEqual([true, true]);
        }
        for (const x of numbersOf(svg, / (?:x|x1|x2|cx)="([^"]+)"/g)) expect(x >= 0 && x <= width).toBe(true);
        const labels = textsOf(svg, "middle");
        for (const [index, { x, text }] of labels.entries()) {
          const before = labels[index - 1];
          if (before !== undefined) expect(x - before.x).toBeGreaterThanOrEqual(((text.length + before.text.length) / 2) * 5.5);
        }
      }),
    );
  });
});
