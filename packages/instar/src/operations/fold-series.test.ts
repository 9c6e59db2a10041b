import { describe, expect, it } from "vitest";
import { makeBucket, makeFront } from "../observation/make-bucket.testing.ts";
import { besideOf, foldSeries } from "./fold-series.ts";

describe("a series of what was seen", () => {
  const buckets = Array.from({ length: 10 }, (_, at) => makeBucket(at, { front: makeFront(10, at === 9 ? 5 : 0) }));

  it("is a point for each span where that is no more than was asked for", () => {
    expect(foldSeries(buckets, 10)).toHaveLength(10);
    expect(foldSeries(buckets, 10)[9]).toMatchObject({ requests: 10, failed: 5, failedShare: { value: 0.5 } });
  });

  it("adds neighbours up where it is: nothing that was counted is lost", () => {
    const points = foldSeries(buckets, 4);
    expect(points.length).toBeLessThanOrEqual(4);
    expect(points.reduce((sum, { requests }) => sum + (requests ?? 0), 0)).toBe(100);
    expect(points.reduce((sum, { failed }) => sum + (failed ?? 0), 0)).toBe(5);
    expect(points.at(-1)?.tickMs).toBe(50_000);
  });

  it("has bounds around a share, and no share where nobody asked or nobody could tell", () => {
    const [asked] = foldSeries(buckets.slice(9), 1);
    expect(asked?.failedShare?.lower).toBeGreaterThan(0.2);
    expect(asked?.failedShare?.upper).toBeLessThan(0.8);
    expect(foldSeries([makeBucket(0, { front: makeFront(0, 0) })], 1)[0]).toMatchObject({ requests: 0, failedShare: null, p95Ms: null });
    expect(foldSeries([makeBucket(0, { front: null })], 1)[0]).toMatchObject({ requests: null, failed: null, failedShare: null });
  });

  it("shows the version beside by its own counts alone", () => {
    const [beside, ...more] = besideOf(
      [makeBucket(0, { front: makeFront(3, 0), beside: makeFront(97, 1), restarts: 2 }), makeBucket(0, { beside: null })],
      "old",
    );
    expect(more).toEqual([]);
    expect(beside).toMatchObject({ release: "old", front: { requests: 97, failed: 1 }, restarts: 0, health: [] });
  });
});
