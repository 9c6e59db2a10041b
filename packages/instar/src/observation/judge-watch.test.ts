import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judgeWatch, type WatchEvidence } from "./judge-watch.ts";

const limits = { timeMs: 60_000, requests: 50, errorShare: 0.1 };
const healthy = { verdict: "pass", because: "" } as const;
const evidence = (parts: Partial<WatchEvidence>): WatchEvidence => ({
  countedMs: 60_000,
  requests: 200,
  failed: 0,
  before: { requests: 500, failed: 0 },
  restarts: 0,
  unhealthyInRow: 0,
  lastHealth: healthy,
  ...parts,
});

describe("the verdict on a new version", () => {
  for (const [name, parts, verdict] of [
    ["passes with time, requests and no failures", {}, "pass"],
    ["waits while time is left, however good the counts", { countedMs: 59_999 }, "insufficient"],
    ["waits for requests when the time is over: a timer never promotes", { requests: 49 }, "insufficient"],
    ["has no data without a single request, however long it waits", { requests: 0, countedMs: 1e9 }, "nodata"],
    ["fails one request in three before the window is over", { countedMs: 5_000, requests: 60, failed: 20 }, "fail"],
    ["does not fail on one early failure", { countedMs: 1_000, requests: 1, failed: 1 }, "insufficient"],
    ["cannot pass on counts that do not rule the allowed share out", { requests: 60, failed: 5 }, "inconclusive"],
    ["does not blame the new version for what the old one did as well", { requests: 300, failed: 60, before: { requests: 1000, failed: 300 } }, "pass"],
    [
      "fails what fails always, though the old one was hardly asked",
      { countedMs: 1_000, requests: 40, failed: 40, before: { requests: 1, failed: 0 } },
      "fail",
    ],
    ["allows no more than the operator for what the old one may have done", { requests: 300, failed: 60, before: { requests: 20, failed: 1 } }, "fail"],
    ["fails a crash loop", { restarts: 3 }, "fail"],
    ["fails three unhealthy checks in a row", { unhealthyInRow: 3, lastHealth: { verdict: "fail", because: "answered 500" } }, "fail"],
    ["cannot pass while the last check is silent", { lastHealth: { verdict: "nodata", because: "no answer" } }, "inconclusive"],
  ] as const)
    it(name, () => expect(judgeWatch(evidence(parts), limits).verdict).toBe(verdict));

  it("passes an agent without a port on time and health alone, where the operator asks for no requests", () =>
    expect(judgeWatch(evidence({ requests: 0 }), { ...limits, requests: 0 }).verdict).toBe("pass"));

  it("cannot pass on more failures than are allowed, however few requests there were", () =>
    expect(judgeWatch(evidence({ requests: 3, failed: 1 }), { ...limits, requests: 0 }).verdict).toBe("inconclusive"));

  it("never gets better by more failures", () => {
    const rank = { fail: 0, error: 1, nodata: 2, insufficient: 2, inconclusive: 2, pass: 3 };
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 500 }), fc.integer({ min: 1, max: 50 }), (requests, part, more) => {
        const failed = Math.min(part, requests);
        const worse = Math.min(failed + more, requests);
        expect(rank[judgeWatch(evidence({ requests, failed: worse }), limits).verdict]).toBeLessThanOrEqual(
          rank[judgeWatch(evidence({ requests, failed }), limits).verdict],
        );
      }),
    );
  });
});
