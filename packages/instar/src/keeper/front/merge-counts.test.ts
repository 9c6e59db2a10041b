import { expect, test } from "vitest";
import { countRequest, emptyCounts, type FrontCounts } from "./front-counts.ts";
import { mergeCounts, subtractCounts } from "./merge-counts.ts";

/** Some of everything that is counted, more of it the larger `many` is. */
function countSome(counts: FrontCounts, release: string, many: number): void {
  for (let at = 0; at < many; at += 1) countRequest(counts, release, "POST").answered(200, at + 1);
  countRequest(counts, release, "GET").answered(503, 7);
  countRequest(counts, release, "GET").broke();
  counts.held += many;
  counts.heldMaxMs = Math.max(counts.heldMaxMs, many);
  counts.refusedByHold += 1;
  counts.clientAborts += 2;
  counts.noBackend += 3;
}

test("what two fronts counted adds up to what one would have counted", () => {
  const [alone, before, after] = [emptyCounts(), emptyCounts(), emptyCounts()];
  for (const counts of [alone, before]) countSome(counts, "release-1", 5);
  for (const counts of [alone, after]) countSome(counts, "release-1", 3);
  for (const counts of [alone, after]) countSome(counts, "release-2", 2);
  mergeCounts(before, after);
  expect(before).toEqual(alone);
});

test("what came since an earlier reading, added to that reading, is the later one", () => {
  const counts = emptyCounts();
  countSome(counts, "release-1", 4);
  const earlier = structuredClone(counts);
  countSome(counts, "release-1", 6);
  countSome(counts, "release-2", 1);
  const since = subtractCounts(counts, earlier);
  expect(since.releases["release-1"]).toMatchObject({ requests: 8, failed: 2, writes: 6 });
  mergeCounts(earlier, since);
  expect(earlier).toEqual(counts);
});

test("a request that is under way while others are merged in is counted to its end", () => {
  const [into, more] = [emptyCounts(), emptyCounts()];
  const underWay = countRequest(into, "release-1", "POST");
  countSome(more, "release-1", 1);
  mergeCounts(into, more);
  underWay.answered(200, 5);
  expect(into.releases["release-1"]).toMatchObject({ requests: 4, writes: 2, latency: { count: 3 } });
});

test("nothing that was merged is changed or shared", () => {
  const [into, more] = [emptyCounts(), emptyCounts()];
  countSome(more, "release-1", 1);
  const before = structuredClone(more);
  mergeCounts(into, more);
  countSome(into, "release-1", 1);
  expect(more).toEqual(before);
});
