import { SimulatedClock } from "@instar/testkit";
import { describe, expect, it } from "vitest";
import { addToSketch, emptySketch } from "../../statistics/latency-sketch.ts";
import { BackgroundSource } from "./background-source.ts";
import { differCounter } from "./differ-counter.ts";
import { type CountsSoFar, differFront, type FrontReading, trimFrontReading } from "./differ-front.ts";
import { foldHeartbeat } from "./fold-heartbeat.ts";
import { parseMetricOutput } from "./parse-metric-output.ts";
import { heard, type Reading } from "./reading.ts";

const counts = (requests: number, failed = 0): CountsSoFar => {
  const latency = emptySketch();
  for (let each = 0; each < requests; each += 1) addToSketch(latency, 10);
  return { requests, failed, writes: 0, latency };
};
const reading = (its: CountsSoFar, keeper = "1 a"): FrontReading => ({ keeper, releases: { r: its } });

describe("metrics that stop, run backward, or are NaN", () => {
  it("the front's counts are what came in between", () =>
    expect(differFront(reading(counts(10, 1)), reading(counts(16, 3)), "r")).toMatchObject({
      kind: "value",
      value: { requests: 6, failed: 2, latency: { count: 6 } },
    }));
  it("a release that was not known before had been sent nothing", () =>
    expect(differFront({ keeper: "1 a", releases: {} }, reading(counts(4, 4)), "r")).toMatchObject({ value: { requests: 4, failed: 4 } }));
  it("counts that run backward are silence, never a negative number", () => {
    const found = differFront(reading(counts(10, 5)), reading(counts(12, 4)), "r");
    expect(found).toEqual({ kind: "silent", because: "the front's failed ran backward, from 5 to 4" });
    expect(differFront(reading(counts(10)), reading(counts(3)), "r").kind).toBe("silent");
  });
  it("counts of another keeper are silence: what came in between may be lost", () =>
    expect(differFront(reading(counts(10)), reading(counts(12), "2 b"), "r")).toMatchObject({ because: expect.stringContaining("another keeper") }));
  it("counts that were never read before are silence", () => expect(differFront(null, reading(counts(12)), "r").kind).toBe("silent"));
  it("counts that are NaN are silence", () => expect(differFront(reading(counts(1)), reading({ ...counts(2), failed: Number.NaN }), "r").kind).toBe("silent"));
  it("no more fails than was asked, also where an earlier request fails late", () =>
    expect(differFront(reading(counts(10, 0)), reading(counts(11, 3)), "r")).toMatchObject({ value: { requests: 1, failed: 1 } }));
  it("a reading keeps sketches only of what is in a slot, and counts of all", () => {
    const kept = trimFrontReading({ keeper: "1 a", releases: { r: counts(3), gone: counts(7) } }, new Set(["r"]));
    expect(kept.releases.gone).toEqual({ requests: 7, failed: 0, writes: 0 });
    expect(differFront(kept, { keeper: "1 a", releases: { gone: counts(9) } }, "gone")).toMatchObject({ value: { requests: 2, latency: { count: 0 } } });
  });

  it("a counter is what came since, and counts from zero after a start", () => {
    expect(differCounter(null, { run: "a", value: 900 })).toEqual({ kind: "first" });
    expect(differCounter({ run: "a", value: 900 }, { run: "a", value: 905 })).toEqual(heard(5));
    expect(differCounter({ run: "a", value: 900 }, { run: "b", value: 4 })).toEqual(heard(4));
  });
  it("a counter that runs backward in one and the same process is silence", () =>
    expect(differCounter({ run: "a", value: 900 }, { run: "a", value: 4 })).toMatchObject({ because: expect.stringContaining("counts backward") }));

  for (const [output, at, expected] of [
    ["12.5\n", undefined, heard(12.5)],
    ['{"queue":{"length":7}}', "/queue/length", heard(7)],
    ["NaN", undefined, { kind: "silent", because: '"NaN"' }],
    ["1e999", undefined, { kind: "silent", because: "Infinity" }],
    ["", undefined, { kind: "silent", because: "prints nothing" }],
    ["12 13", undefined, { kind: "silent", because: "no number" }],
    ['{"queue":"7"}', "/queue", { kind: "silent", because: "no number at /queue" }],
    ['{"a":1}', "/constructor", { kind: "silent", because: "no number" }],
    ["[".repeat(100_000), "/0", { kind: "silent", because: "deeper" }],
  ] as const)
    it(`a program that prints ${JSON.stringify(output.slice(0, 30))} says ${expected.kind === "value" ? expected.value : "nothing"}`, () => {
      const found: Reading<number> = parseMetricOutput(output, at);
      expect(found).toEqual(expected.kind === "value" ? expected : { kind: "silent", because: expect.stringContaining(expected.because) });
    });

  it("a source that hangs is silent after its time, is not asked again, and holds up nobody", async () => {
    const clock = new SimulatedClock();
    let asked = 0;
    const source = new BackgroundSource({ clock, withinMs: 5_000 }, () => {
      asked += 1;
      return asked === 1 ? Promise.resolve(heard(1)) : new Promise<never>(() => undefined);
    });
    const pump = async (ms: number) => {
      clock.advance(ms);
      source.pump(1_000);
      await Promise.resolve().then(() => undefined);
      await new Promise((resolve) => setImmediate(resolve));
      return source.take(1_000);
    };
    expect(source.take(1_000).missing).toBe("it has not answered yet");
    expect(await pump(0)).toEqual({ answers: [heard(1)], missing: null });
    expect(await pump(1_000)).toEqual({ answers: [], missing: null });
    expect((await pump(6_000)).missing).toBe("it has not answered for 7 s");
    expect(asked).toBe(2);
  });
  it("a source that throws is silent with its words", async () => {
    const source = new BackgroundSource({ clock: new SimulatedClock(), withinMs: 1 }, () => Promise.reject(new Error("EIO: i/o error")));
    source.pump(1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(source.take(1).answers).toEqual([{ kind: "silent", because: "EIO: i/o error" }]);
  });
});

describe("clock jumps", () => {
  const at = (tickMs: number, wallMs: number, modifiedMs: number | null, run = "a") => ({ run, startedAtMs: 0, modifiedMs, tickMs, wallMs });
  it("a wall clock that jumps ahead makes no heartbeat old", () => {
    const first = foldHeartbeat(null, at(1_000, 50_000, 49_000));
    expect(first.ageMs).toBe(1_000);
    expect(foldHeartbeat(first.seen, at(6_000, 50_000 + 86_400_000, 49_000)).ageMs).toBe(6_000);
  });
  it("a wall clock that is set back, or a file from the future, makes no heartbeat young", () => {
    const first = foldHeartbeat(null, at(1_000, 50_000, 9_999_999));
    expect(first.ageMs).toBe(0);
    expect(foldHeartbeat(first.seen, at(61_000, 10_000, 9_999_999)).ageMs).toBe(60_000);
  });
  it("a heartbeat is fresh when its file changes, and when the agent starts", () => {
    const first = foldHeartbeat(null, at(100_000, 100_000, 1));
    expect(first.ageMs).toBe(99_999);
    expect(foldHeartbeat(first.seen, at(101_000, 101_000, 2)).ageMs).toBe(0);
    expect(foldHeartbeat(first.seen, at(101_000, 101_000, 1, "b")).ageMs).toBe(0);
  });
  it("an agent that never touches its file is as old as it is seen to run", () => {
    const first = foldHeartbeat(null, at(1_000, 0, null));
    expect(foldHeartbeat(first.seen, at(91_000, 0, null)).ageMs).toBe(90_000);
  });
});
