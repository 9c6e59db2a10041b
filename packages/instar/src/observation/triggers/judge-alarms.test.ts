import { describe, expect, it } from "vitest";
import { HOUR_MS, makeFront } from "../make-bucket.testing.ts";
import { busy, fold, HOUR, judge, type Story } from "../tell-story.testing.ts";

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
    [
      "most requests half again as slow as the old median",
      { buckets: 100, each: () => ({ front: makeFront(4, 0, [70, 70, 50, 70]) }) },
      "performance_degradation",
    ],
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
    ["nine failures in a hundred where ten are allowed", { buckets: HOUR, each: () => ({ front: makeFront(100, 9) }) }, "error_rate_spike"],
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

  const grown = (residentMiB: (minute: number) => number): Story => ({
    buckets: 3 * HOUR,
    limits: { windowMs: 6 * HOUR_MS, maxMs: 12 * HOUR_MS },
    baseline: { residentBytes: 100 * 1_048_576 },
    each: (index) => ({ ...busy(), residentBytes: residentMiB(index / 12) * 1_048_576 }),
  });
  for (const [name, residentMiB] of [
    ["levels off, though at four times what the old version took", (minute) => 50 + 350 * (1 - Math.exp(-minute / 15))],
    ["takes more from the start and hardly grows", (minute) => 300 + minute / 20],
    ["rises for its first twenty minutes and stays there", (minute) => 100 + 10 * Math.min(20, minute)],
    ["grows, and takes less than the old version did", (minute) => 40 + minute / 3],
  ] as readonly (readonly [string, (minute: number) => number])[])
    it(`are not raised, at any look, by memory that ${name}`, () => expect(fold(grown(residentMiB)).alarms).toEqual({}));

  it("do not take a start that levels off for a leak", () => {
    const each = (index: number) => ({ ...busy(), residentBytes: (300 - 150 * Math.exp(-index / 200)) * 1_048_576 });
    expect(judge({ buckets: 3 * HOUR, limits: { windowMs: 6 * HOUR_MS, maxMs: 12 * HOUR_MS }, baseline: { residentBytes: null }, each }).action).toBe("watch");
  });
});
