import type { UpdateView } from "@instar/protocol";
import { expect, test } from "vitest";
import { planTimeline } from "./plan-timeline.ts";

const at = (second: number) => new Date(1_000_000 + second * 1_000).toISOString();
const step = (id: string, from: number | null, to: number | null): UpdateView["steps"][number] => ({
  id,
  title: id,
  state: "done",
  because: "",
  startedAt: from === null ? null : at(from),
  endedAt: to === null ? null : at(to),
  evidence: null,
});

test("steps stand where they were, and what never began is not there", () => {
  const { rows, spanMs } = planTimeline({ startedAt: at(0), endedAt: at(10), steps: [step("fetch", 0, 2), step("test", 2, 10), step("switch", null, null)] });
  expect(spanMs).toBe(10_000);
  expect(rows.map(({ id, afterMs, tookMs, fromShare, share }) => [id, afterMs, tookMs, fromShare, share])).toEqual([
    ["fetch", 0, 2_000, 0, 0.2],
    ["test", 2_000, 8_000, 0.2, 0.8],
  ]);
});

test("what goes on has no end yet, and a clock that was set back makes nothing negative", () => {
  const { rows } = planTimeline({ startedAt: at(0), endedAt: null, steps: [step("fetch", 0, 4), step("test", 4, null), step("odd", -5, -6)] });
  expect(rows.map(({ id, tookMs }) => [id, tookMs])).toEqual([
    ["fetch", 4_000],
    ["odd", 0],
    ["test", null],
  ]);
  for (const { fromShare, share } of rows) {
    expect(fromShare).toBeGreaterThanOrEqual(0);
    expect(share).toBeGreaterThan(0);
  }
});
