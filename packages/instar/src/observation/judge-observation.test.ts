import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { emptyObservation, foldBucket } from "./fold-observation.ts";
import { judgeObservation, type ObservationVerdict, type ObservationWord } from "./judge-observation.ts";
import { HOUR_MS, makeBaseline, makeBucket, makeFront, makeLimits } from "./make-bucket.testing.ts";
import { BUCKET_MS, type MetricsBucket } from "./metrics-bucket.ts";
import type { ObservationBaseline } from "./observation-baseline.ts";
import type { ObservationLimits } from "./observation-limits.ts";
import type { ObservationState } from "./observation-state.ts";

const HOUR = HOUR_MS / BUCKET_MS;

interface Story {
  readonly buckets: number;
  readonly each?: (index: number) => Partial<MetricsBucket>;
  readonly limits?: Partial<ObservationLimits>;
  readonly baseline?: Partial<ObservationBaseline>;
  readonly word?: ObservationWord;
  readonly lateMs?: number;
}

const nobody: ObservationWord = { confirmedAtTickMs: null };

function fold({ buckets, each = () => ({}), limits = {}, baseline = {} }: Story): ObservationState {
  const plan = { limits: makeLimits(limits), baseline: makeBaseline(baseline) };
  let state = emptyObservation();
  for (let index = 0; index < buckets; index += 1) state = foldBucket(state, makeBucket(index, each(index)), plan);
  return state;
}

function judge(story: Story): ObservationVerdict {
  const plan = { limits: makeLimits(story.limits), baseline: makeBaseline(story.baseline) };
  const state = fold(story);
  return judgeObservation(state, plan, (state.lastTickMs ?? 0) + (story.lateMs ?? 0), story.word ?? nobody);
}

/** Four requests a span, of which none fails before bucket `from`, and `failed` from there on. */
const failing = (from: number, failed: number) => (index: number) => ({ front: makeFront(4, index >= from ? failed : 0) });
const busy = () => ({ front: makeFront(4, 0) });

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
      "health checks that could not be made",
      { buckets: 104, each: (index) => ({ ...busy(), health: [{ verdict: index < 100 ? "pass" : "error", because: "" }] }) },
    ],
    [
      "a plugin that loads late",
      { buckets: 40, baseline: { things: { plugins: ["mail"] } }, each: (index) => ({ ...busy(), things: { plugins: index < 3 ? [] : ["mail"] } }) },
    ],
    ["files that were looked at in the wrong moment", { buckets: 101, each: (index) => ({ ...busy(), damage: index === 100 ? "server.js is gone" : null }) }],
    ["a missing heartbeat that the old version did not have either", { buckets: 40, limits: { heartbeatWithinMs: 30_000 }, each: busy }],
    ["another release's failures", { buckets: 40, each: () => ({ release: "other", front: makeFront(9, 9) }) }],
  ] as readonly (readonly [string, Story])[])
    it(name, () => expect(judge(story).action).toBe("watch"));
});

describe("alarms", () => {
  const slow: Story = { buckets: 100, each: () => ({ front: makeFront(4, 0, [350, 350, 50, 50]) }) };
  const cpu = { baseline: { metrics: { cpu: { minutes: 360, median: 10, deviation: 1 } } } };
  const shifted: Story = {
    ...cpu,
    buckets: 1_200,
    limits: { windowMs: 6 * HOUR_MS, maxMs: 12 * HOUR_MS },
    each: (index) => ({ ...busy(), metrics: { cpu: index < 600 ? 10 : 14 } }),
  };
  for (const [name, story, trigger] of [
    ["requests half again as slow as before: other causes may have slowed them", slow, "performance_degradation"],
    ["a metric that is higher than it was", shifted, "metric_shift"],
    [
      "a log that tells of more errors",
      { ...shifted, baseline: { logErrors: { minutes: 360, median: 1.1, deviation: 0.5 } }, each: (index) => ({ ...busy(), logErrors: index < 600 ? 0 : 2 }) },
      "log_errors",
    ],
    [
      "memory that keeps growing above what the old version took",
      {
        buckets: 3 * HOUR,
        limits: { windowMs: 6 * HOUR_MS, maxMs: 12 * HOUR_MS },
        each: (index) => ({ ...busy(), residentBytes: (180 + index / 15) * 1_048_576 }),
      },
      "memory_growth",
    ],
    [
      "an event loop that runs later and later",
      { buckets: 3 * HOUR, limits: { windowMs: 6 * HOUR_MS, maxMs: 12 * HOUR_MS }, each: (index) => ({ ...busy(), eventLoopDelayMs: 2 + index / 20 }) },
      "event_loop_growth",
    ],
    [
      "twice the failures of the old version, though within what is allowed",
      { buckets: HOUR, each: (index) => ({ front: makeFront(10, index % 2 === 0 ? 1 : 0) }) },
      "error_rate_spike",
    ],
  ] as readonly (readonly [string, Story, string])[])
    it(`hold for a person: ${name}`, () => {
      const { verdict, action, findings } = judge(story);
      expect({ verdict, action, first: findings[0] }).toMatchObject({
        verdict: "inconclusive",
        action: "pause",
        first: { trigger, gate: "pause", verdict: "fail" },
      });
    });

  it("hold also after what raised them is over", () => {
    const { buckets, each } = shifted;
    expect(
      judge({ ...shifted, buckets: buckets + HOUR, each: (index) => (index < buckets ? (each?.(index) ?? {}) : { ...busy(), metrics: { cpu: 10 } }) }).action,
    ).toBe("pause");
  });

  it("are only said once somebody confirmed after they were raised, also while their cause goes on", () => {
    const raised = judge(shifted).findings[0]?.raisedAtTickMs ?? 0;
    expect(judge({ ...shifted, word: { confirmedAtTickMs: raised - 1 } }).action).toBe("pause");
    const verdict = judge({ ...shifted, buckets: 2_000, word: { confirmedAtTickMs: raised } });
    expect(verdict.action).toBe("watch");
    expect(verdict.findings).toContainEqual(expect.objectContaining({ trigger: "metric_shift", gate: "report", verdict: "fail" }));
  });

  it("do not take a start that levels off for a leak", () => {
    const each = (index: number) => ({ ...busy(), residentBytes: (300 - 150 * Math.exp(-index / 200)) * 1_048_576 });
    expect(judge({ buckets: 3 * HOUR, limits: { windowMs: 6 * HOUR_MS, maxMs: 12 * HOUR_MS }, baseline: { residentBytes: null }, each }).action).toBe("watch");
  });
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

describe("whatever comes", () => {
  const counted = fc
    .record({ requests: fc.nat(400), part: fc.double({ min: 0, max: 1, noNaN: true }) })
    .map(({ requests, part }) => makeFront(requests, Math.floor(requests * part)));
  const silence = fc.record({
    front: fc.constant(null),
    isServing: fc.constant(null),
    health: fc.constantFrom([], [{ verdict: "nodata" as const, because: "no answer" }], [{ verdict: "error" as const, because: "it could not be asked" }]),
    coveredMs: fc.integer({ min: 0, max: 10_000 }),
    silent: fc.dictionary(fc.constantFrom("front", "health", "prometheus"), fc.constant("no answer")),
    wallMs: fc.integer({ min: 0, max: 4e12 }),
  });
  const anything = fc.record(
    {
      front: fc.option(counted),
      beside: fc.option(counted),
      isServing: fc.constantFrom(true, true, true, false, null),
      restarts: fc.constantFrom(0, 0, 0, 1),
      residentBytes: fc.option(fc.nat(1e9)),
      logErrors: fc.option(fc.nat(50)),
      metrics: fc.dictionary(fc.constantFrom("cpu", "queue"), fc.double({ noNaN: true, noDefaultInfinity: true })),
      wallMs: fc.integer({ min: 0, max: 4e12 }),
      silent: fc.dictionary(fc.constantFrom("front", "prometheus"), fc.constant("no answer")),
    },
    { requiredKeys: [] },
  );
  const baseline = { metrics: { cpu: { minutes: 60, median: 1, deviation: 2 }, queue: { minutes: 60, median: 0, deviation: 0 } } };

  it("no sequence of silence is ever a pass, and none is kept unless the operator keeps the unverified", () => {
    fc.assert(
      fc.property(fc.array(silence, { maxLength: 60 }), fc.constantFrom(0, 200), (buckets, requests) => {
        const verdict = judge({ buckets: buckets.length, each: (index) => buckets[index] ?? {}, limits: { requests, windowMs: 20_000, maxMs: 40_000 } });
        expect(verdict.verdict).not.toBe("pass");
        expect(verdict.action).not.toBe("keep");
      }),
    );
  });

  it("the state is plain JSON, and a verdict from what was read back is the same", () => {
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 80 }), (buckets) => {
        const story = { buckets: buckets.length, each: (index: number) => (buckets[index] ?? {}) as Partial<MetricsBucket>, baseline };
        const state = fold(story);
        const read = JSON.parse(JSON.stringify(state)) as ObservationState;
        expect(read).toEqual(state);
        const plan = { limits: makeLimits(), baseline: makeBaseline(baseline) };
        expect(judgeObservation(read, plan, 0, nobody)).toEqual(judgeObservation(state, plan, 0, nobody));
      }),
    );
  });

  it("folding a bucket twice equals once: a look that was interrupted may be made again", () => {
    const plan = { limits: makeLimits(), baseline: makeBaseline() };
    const bucket = makeBucket(3, { front: makeFront(9, 2), restarts: 1 });
    const once = foldBucket(emptyObservation(), bucket, plan);
    expect(foldBucket(once, bucket, plan)).toBe(once);
  });

  it("a wall clock that jumps changes no verdict where no hours are known", () => {
    const at = (wallMs: (index: number) => number) => judge({ buckets: 300, each: (index) => ({ ...failing(200, 1)(index), wallMs: wallMs(index) }) });
    expect(at((index) => 4e12 - index * 1e9)).toEqual(at((index) => index));
  });

  it("three days of a busy version with twenty metrics fit into a few KB", () => {
    const names = Array.from({ length: 20 }, (_, index) => `metric_${index}`);
    const metrics = Object.fromEntries(names.map((name) => [name, { minutes: 360, median: 10, deviation: 1 }]));
    const state = fold({
      buckets: 10_000,
      baseline: { metrics },
      each: (index) => ({
        front: makeFront(800, 8),
        residentBytes: 1e8 + index,
        eventLoopDelayMs: 1,
        metrics: Object.fromEntries(names.map((name) => [name, 10])),
      }),
    });
    expect(JSON.stringify(state).length).toBeLessThan(12_000);
  });
});
