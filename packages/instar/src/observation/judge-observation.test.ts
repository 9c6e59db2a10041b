import { describe, expect, it } from "vitest";
import { HOUR_MS, makeFront } from "./make-bucket.testing.ts";
import type { MetricsBucket } from "./metrics-bucket.ts";
import type { ObservationBaseline } from "./observation-baseline.ts";
import type { ObservationLimits } from "./observation-limits.ts";
import { busy, failing, HOUR, judge, type Story } from "./tell-story.testing.ts";

describe("the end of a watch", () => {
  for (const [name, story, verdict, action] of [
    ["keeps with time, requests, health and a share that is known", { buckets: HOUR, each: busy }, "pass", "keep"],
    ["waits while time is left, however good the counts", { buckets: HOUR - 1, each: busy }, "insufficient", "watch"],
    [
      "waits for requests when the time is over: a timer never promotes",
      { buckets: HOUR, each: (index) => ({ front: makeFront(index < 199 ? 1 : 0, 0) }) },
      "insufficient",
      "watch",
    ],
    ["has no data without a single request", { buckets: HOUR }, "nodata", "watch"],
    ["has no data where the front never answered", { buckets: HOUR, each: () => ({ front: null }) }, "nodata", "watch"],
    ["holds what was never measured for a person at twice the window", { buckets: 2 * HOUR }, "nodata", "pause"],
    ["keeps it as unverified where the operator says so", { buckets: 2 * HOUR, limits: { onUnverified: "keep" } }, "nodata", "keep"],
    ["takes it back where the operator says so", { buckets: 2 * HOUR, limits: { onUnverified: "roll-back" } }, "nodata", "roll-back"],
    ["keeps an agent without traffic on time and health", { buckets: HOUR, limits: { requests: 0 }, each: () => ({ front: null }) }, "pass", "keep"],
    [
      "does not keep one that was never asked how it is",
      { buckets: HOUR, limits: { requests: 0 }, each: () => ({ front: null, health: [] }) },
      "nodata",
      "watch",
    ],
    [
      "does not keep one that was not asked how it is for long",
      { buckets: HOUR, each: (index) => ({ ...busy(), ...(index > HOUR - 70 && { health: [] }) }) },
      "nodata",
      "watch",
    ],
    [
      "does not keep one whose requests are not counted any more",
      { buckets: HOUR, each: (index) => ({ front: index < HOUR - 14 ? makeFront(4, 0) : null }) },
      "nodata",
      "watch",
    ],
    [
      "does not keep one whose last health check was silent",
      { buckets: HOUR, each: (index) => ({ ...busy(), ...(index === HOUR - 1 && { health: [{ verdict: "nodata", because: "no answer" }] }) }) },
      "inconclusive",
      "watch",
    ],
    [
      "does not keep one where counts do not rule the allowed share out",
      {
        buckets: HOUR,
        limits: { requests: 60 },
        baseline: { errors: null },
        each: (index) => ({ front: makeFront(index < 60 ? 1 : 0, index % 12 === 0 && index < 60 ? 1 : 0) }),
      },
      "inconclusive",
      "watch",
    ],
    [
      "goes on to a pass when the evidence comes late, also after it was held",
      { buckets: 3 * HOUR, each: (index) => ({ front: makeFront(index < 2 * HOUR ? 0 : 1, 0) }) },
      "pass",
      "keep",
    ],
  ] as readonly (readonly [string, Story, string, string])[])
    it(name, () => expect(judge(story)).toMatchObject({ verdict, action }));

  it("says that it is unverified, and never `pass`", () => {
    const verdict = judge({ buckets: 2 * HOUR, limits: { onUnverified: "keep" } });
    expect(verdict.window.isUnverified).toBe(true);
    expect(verdict.because).toMatch(/^unverified after/);
  });
});

describe("what rolls back", () => {
  const bad = (parts: (index: number) => Partial<MetricsBucket>) => (index: number) => ({ ...busy(), ...(index >= 100 ? parts(index) : {}) });
  for (const [name, story, trigger] of [
    [
      "a share of failures that rises to one in three after a good time",
      { buckets: 140, each: (index) => ({ front: makeFront(6, index >= 122 ? 2 : 0) }) },
      "error_rate_spike",
    ],
    [
      "five failures of five after a good time and a long silence",
      { buckets: 305, each: (index) => ({ front: index < 100 ? makeFront(4, 0) : makeFront(index >= 300 ? 1 : 0, index >= 300 ? 1 : 0) }) },
      "error_rate_spike",
    ],
    ["one that fails always from the first request on", { buckets: 10, baseline: { errors: null }, each: failing(0, 4) }, "error_rate_spike"],
    ["more failures than beside it", { buckets: 60, each: () => ({ front: makeFront(10, 1), beside: makeFront(40, 0) }) }, "error_rate_spike"],
    ["three health checks in a row", { buckets: 103, each: bad(() => ({ health: [{ verdict: "fail", because: "answered 500" }] })) }, "health_check_failure"],
    [
      "silence to three in a row as well",
      { buckets: 103, each: bad(() => ({ health: [{ verdict: "nodata", because: "no answer" }] })) },
      "health_check_failure",
    ],
    ["not serving at two looks in a row", { buckets: 102, each: bad(() => ({ isServing: false })) }, "service_unavailable"],
    [
      "one that is started again and does not come back",
      { buckets: 107, each: bad((index) => ({ isServing: false, restarts: index === 100 ? 1 : 0 })) },
      "service_unavailable",
    ],
    ["a crash loop", { buckets: 103, each: bad(() => ({ restarts: 1 })) }, "crash_loop"],
    [
      "a heartbeat that stays away",
      {
        buckets: 112,
        limits: { heartbeatWithinMs: 30_000 },
        baseline: { hasHeartbeat: true },
        each: (index) => ({ ...busy(), heartbeatAgeMs: index < 100 ? 1_000 : (index - 99) * 5_000 }),
      },
      "missing_heartbeat",
    ],
    ["a heartbeat that never came", { buckets: 8, limits: { heartbeatWithinMs: 30_000 }, baseline: { hasHeartbeat: true }, each: busy }, "missing_heartbeat"],
    [
      "a plugin that the old version had",
      {
        buckets: 110,
        baseline: { things: { plugins: ["mail", "calendar"] } },
        each: (index) => ({ ...busy(), things: { plugins: index < 100 ? ["mail", "calendar"] : ["mail"] } }),
      },
      "things_dropped",
    ],
    ["files that are not as sealed", { buckets: 102, each: bad(() => ({ damage: "server.js has another digest" })) }, "files_changed"],
    ["requests that take far longer than before", { buckets: 60, each: () => ({ front: makeFront(4, 0, [900, 900, 50, 900]) }) }, "performance_degradation"],
    [
      "requests that take half again as long as beside",
      { buckets: 80, each: () => ({ front: makeFront(8, 0, [350, 350, 50, 50, 350, 50, 50, 50]), beside: makeFront(8, 0, [50, 50, 50, 50, 50, 50, 50, 50]) }) },
      "performance_degradation",
    ],
    [
      "many milliseconds more than next to nothing",
      {
        buckets: 80,
        baseline: { latency: { requests: 18_000, p50Ms: 1, p95Ms: 2 } },
        each: () => ({ front: makeFront(20, 0, Array(20).fill(30)), beside: makeFront(20, 0, Array(20).fill(2)) }),
      },
      "performance_degradation",
    ],
    [
      "a leak that took four times as much and does not stop",
      {
        buckets: 3 * HOUR,
        limits: { windowMs: 6 * HOUR_MS, maxMs: 12 * HOUR_MS },
        each: (index) => ({ ...busy(), residentBytes: (200 + index / 2) * 1_048_576 }),
      },
      "memory_growth",
    ],
    ["a person's word", { buckets: 1, word: { confirmedAtTickMs: null, manual: { by: "ada", because: "customers call" } } }, "manual_trigger"],
  ] as readonly (readonly [string, Story, string])[])
    it(name, () => {
      const { verdict, action, findings } = judge(story);
      expect({ verdict, action, first: findings[0] }).toMatchObject({
        verdict: "fail",
        action: "roll-back",
        first: { trigger, verdict: "fail", gate: "rollback" },
      });
    });
});

describe("what does not roll back", () => {
  for (const [name, story] of [
    ["one failure of the first request", { buckets: 1, each: failing(0, 1) }],
    ["two failures of two, after a good time", { buckets: 101, each: (index) => ({ front: makeFront(index < 100 ? 4 : 2, index < 100 ? 0 : 2) }) }],
    [
      "what the old version did as well",
      {
        buckets: 200,
        baseline: { errors: { requests: 18_000, failed: 5_400, atLeast: 0.294, atMost: 0.308, dispersion: 1 } },
        each: () => ({ front: makeFront(10, 3) }),
      },
    ],
    [
      "two failures of five within two minutes, for which the bound alone would go back",
      { buckets: 200, each: (index) => ({ front: makeFront(index % 5 === 0 ? 1 : 0, index === 190 || index === 195 ? 1 : 0) }) },
    ],
    [
      "four failures after a long silence: a fifth request would tell",
      { buckets: 304, each: (index) => ({ front: index < 100 ? makeFront(4, 0) : makeFront(index >= 300 ? 1 : 0, index >= 300 ? 1 : 0) }) },
    ],
    [
      "fifty-six slow requests: a 95th percentile takes 59",
      { buckets: 20, each: (index) => ({ front: makeFront(4, 0, index < 6 ? [50, 50, 50, 50] : [900, 900, 900, 900]) }) },
    ],
    [
      "a start that is slow for half a minute, also beside a version that is warm",
      { buckets: 60, each: (index) => ({ front: makeFront(20, 0, Array(20).fill(index < 6 ? 900 : 50)), beside: makeFront(20, 0, Array(20).fill(50)) }) },
    ],
    [
      "some milliseconds more than next to nothing",
      {
        buckets: 60,
        baseline: { latency: { requests: 18_000, p50Ms: 1, p95Ms: 2 } },
        each: () => ({ front: makeFront(20, 0, Array(20).fill(9)), beside: makeFront(20, 0, Array(20).fill(2)) }),
      },
    ],
    ["what the version beside does as well at the same time", { buckets: 60, each: () => ({ front: makeFront(10, 5), beside: makeFront(10, 5) }) }],
    ["one look without service", { buckets: 101, each: (index) => ({ ...busy(), isServing: index !== 100 }) }],
    [
      "a restart that takes twenty seconds",
      { buckets: 105, each: (index) => ({ ...busy(), isServing: index < 100 || index > 104, restarts: index === 100 ? 1 : 0 }) },
    ],
    ["a keeper that could not be asked", { buckets: 130, each: (index) => ({ ...busy(), isServing: index < 100 ? true : null }) }],
    ["two restarts", { buckets: 130, each: (index) => ({ ...busy(), restarts: index % 60 === 5 && index < 100 ? 1 : 0 }) }],
    [
      "health checks that fail now and then",
      { buckets: 300, each: (index) => ({ ...busy(), health: [{ verdict: index % 4 < 2 ? "fail" : "pass", because: "" }] }) },
    ],
    [
      "a stall of a moment, in which three checks fail",
      { buckets: 101, each: (index) => ({ ...busy(), ...(index === 100 && { health: Array(3).fill({ verdict: "nodata", because: "no answer" }) }) }) },
    ],
    [
      "health checks that could not be made",
      { buckets: 104, each: (index) => ({ ...busy(), health: [{ verdict: index < 100 ? "pass" : "error", because: "" }] }) },
    ],
    [
      "a plugin that was not there in the first twenty seconds",
      { buckets: 5, baseline: { things: { plugins: ["mail"] } }, each: () => ({ ...busy(), things: { plugins: [] } }) },
    ],
    ["files that were looked at in the wrong moment", { buckets: 101, each: (index) => ({ ...busy(), damage: index === 100 ? "server.js is gone" : null }) }],
    ["a missing heartbeat that the old version did not have either", { buckets: 40, limits: { heartbeatWithinMs: 30_000 }, each: busy }],
    ["another release's failures", { buckets: 40, each: () => ({ release: "other", front: makeFront(9, 9) }) }],
  ] as readonly (readonly [string, Story])[])
    it(name, () => expect(judge(story).action).toBe("watch"));
});

describe("a judge that goes blind", () => {
  const blind = (risk: ObservationLimits["risk"], baseline: Partial<ObservationBaseline> = {}): Story => ({
    buckets: 105,
    limits: { risk },
    baseline,
    each: (index) => ({ ...busy(), ...(index >= 100 && { front: null, silent: { front: "the keeper does not answer" } }) }),
  });
  it("holds and tells at low and medium risk", () => {
    for (const risk of ["minimal", "low", "medium"] as const) expect(judge(blind(risk))).toMatchObject({ verdict: "error", action: "blind" });
  });
  it("takes the old version back at high and critical risk", () => {
    for (const risk of ["high", "critical"] as const) expect(judge(blind(risk))).toMatchObject({ verdict: "error", action: "roll-back" });
  });
  it("is not blind before the fifth look", () => expect(judge({ ...blind("critical"), buckets: 104 }).action).toBe("watch"));
  it("is as blind where nothing is recorded any more", () =>
    expect(judge({ buckets: 10, each: busy, lateMs: 60_000 })).toMatchObject({ verdict: "error", action: "blind" }));
  it("blames nobody for a source that was silent before", () => expect(judge(blind("critical", { silent: ["front"] })).action).toBe("watch"));
  it("keeps nothing while a source is silent", () => {
    const each = (index: number) => ({ ...busy(), ...(index === HOUR - 1 && { silent: { prometheus: "requests_total ran backward" } }) });
    expect(judge({ buckets: HOUR, each })).toMatchObject({ verdict: "error", action: "watch" });
  });
});
