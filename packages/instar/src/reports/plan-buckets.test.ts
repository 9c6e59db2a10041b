import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planBuckets } from "./plan-buckets.ts";

const of = (from: string, to: string) => planBuckets({ fromMs: Date.parse(from), toMs: Date.parse(to) });

describe("a period is cut into", () => {
  for (const [from, to, per, count, first, last] of [
    ["2026-03-01", "2026-03-31", "day", 30, "2026-03-01", "2026-03-30"],
    ["2026-03-01T12:00:00Z", "2026-03-03T12:00:00Z", "day", 3, "2026-03-01", "2026-03-03"],
    ["2026-01-01", "2026-12-31", "week", 53, "2025-12-29", "2026-12-28"],
    ["2024-01-01", "2026-12-31", "month", 36, "2024-01-01", "2026-12-01"],
    ["2016-01-01", "2026-12-31", "quarter", 44, "2016-01-01", "2026-10-01"],
    ["1970-01-01", "2026-12-31", "year", 57, "1970-01-01", "2026-01-01"],
    ["1500-01-01", "2026-12-31", "10 years", 53, "1500-01-01", "2020-01-01"],
    ["0000-01-01", "9999-12-31", "100 years", 100, "0000-01-01", "9900-01-01"],
  ] as const)
    it(`${count} of a ${per} from ${from} to ${to}`, () => {
      const { labels, ...buckets } = of(from, to);
      expect([buckets.per, labels.length, labels[0], labels.at(-1)]).toEqual([per, count, first, last]);
    });

  it("parts into one of which every time falls, and into none but the one that it is in", () => {
    const time = fc.integer({ min: Date.parse("0001-01-01"), max: Date.parse("9999-01-01") });
    fc.assert(
      fc.property(time, time, fc.double({ min: 0, max: 1, noNaN: true }), (a, b, share) => {
        const period = { fromMs: Math.min(a, b), toMs: Math.max(a, b) + 1 };
        const { labels, indexOf } = planBuckets(period);
        const atMs = Math.min(period.toMs - 1, Math.floor(period.fromMs + share * (period.toMs - period.fromMs)));
        const place = indexOf(atMs);
        expect(labels.length).toBeLessThanOrEqual(101);
        expect(Date.parse(labels[place] ?? "")).toBeLessThanOrEqual(atMs);
        if (place + 1 < labels.length) expect(Date.parse(labels[place + 1] ?? "")).toBeGreaterThan(atMs);
      }),
    );
  });
});
