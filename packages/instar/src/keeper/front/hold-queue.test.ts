import { describe, expect, test } from "vitest";
import { SteppedClock } from "./front-bench.testing.ts";
import { emptyCounts } from "./front-counts.ts";
import { createHoldQueue } from "./hold-queue.ts";
import type { Refusal } from "./plan-refusal.ts";

test("whoever waits goes in the order of arrival, and whoever left does not", () => {
  const { queue, join, gone } = open();
  const leaves = ["a", "b", "c", "d"].map((name) => join(name));
  expect(leaves[1]?.()).toBe(true);
  expect(leaves[1]?.()).toBe(false);
  queue.release();
  expect(gone).toEqual(["a", "c", "d"]);
  expect(leaves[0]?.()).toBe(false);
  expect(queue.waiting()).toEqual({ requests: 0, bytes: 0 });
});

test("the limit on requests is kept, and a place that becomes free is given again", () => {
  const { queue, join, gone, refused } = open({ requests: 2 });
  const leaveA = join("a");
  join("b");
  join("c");
  expect(refused).toEqual([["c", 503, 1]]);
  leaveA();
  join("d");
  queue.release();
  expect(gone).toEqual(["b", "d"]);
});

test("the limit on bytes is kept, and what leaves takes its bytes along", () => {
  const { queue, join, gone, refused } = open({ bytes: 10 });
  const leaveA = join("a", 6);
  join("b", 5);
  join("c", 4);
  join("d", 1);
  expect(queue.waiting()).toEqual({ requests: 2, bytes: 10 });
  expect(refused.map(([name]) => name)).toEqual(["b", "d"]);
  leaveA();
  join("e", 6);
  queue.release();
  expect(gone).toEqual(["c", "e"]);
});

test("each request waits for its own time, and not longer", async () => {
  const { queue, join, gone, refused, clock, counts } = open({ timeMs: 100 });
  join("a");
  clock.advance(60);
  join("b");
  clock.advance(40);
  await Promise.resolve().then(() => {});
  await Promise.resolve();
  expect(refused).toEqual([["a", 503, 1]]);
  queue.release();
  expect(gone).toEqual(["b"]);
  expect(clock.sleeping()).toBe(0);
  expect(counts).toMatchObject({ held: 2, heldMaxMs: 100, refusedByHold: 1 });
});

test("a queue that takes nothing refuses everyone at once", () => {
  const { join, refused, counts } = open({ requests: 0 });
  join("a");
  expect(refused).toEqual([["a", 503, 1]]);
  expect(counts).toMatchObject({ held: 0, refusedByHold: 1 });
});

describe("ten thousand requests, and a thousand places", () => {
  const names = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => `r${from + at}`);

  test("a thousand wait, the rest is refused at once, and no more is kept than of a thousand", () => {
    const { queue, join, refused, clock, counts } = open({ requests: 1_000 });
    for (const name of names(0, 10_000)) join(name);
    expect(queue.waiting()).toEqual({ requests: 1_000, bytes: 0 });
    expect(refused.map(([name]) => name)).toEqual(names(1_000, 10_000));
    expect(clock.sleeping()).toBe(1_000);
    expect(counts).toMatchObject({ held: 1_000, refusedByHold: 9_000 });
  });

  test("they are let in a few at a time, other things happen in between, and nobody who comes meanwhile overtakes", async () => {
    const { queue, join, gone, refused, counts } = open({ requests: 1_000 });
    for (const name of names(0, 1_000)) join(name);
    queue.release();
    for (const name of names(1_000, 1_500)) join(name); // More than there are places, but the hold is over.
    const seen: number[] = [];
    let newcomers = 1_500;
    while (!queue.isFree()) {
      seen.push(gone.length);
      join(`r${newcomers}`);
      newcomers += 1;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(seen.length).toBeGreaterThan(10);
    expect(Math.max(...seen.map((count, at) => count - (seen[at - 1] ?? 0)))).toBeLessThan(100);
    expect(gone).toEqual(names(0, newcomers));
    expect(refused).toEqual([]);
    expect(counts).toMatchObject({ held: 1_000, refusedByHold: 0 });
  });

  test("held again before all are in: the rest stays in line", async () => {
    const { queue, join, gone } = open({ requests: 1_000 });
    for (const name of names(0, 1_000)) join(name);
    queue.release();
    queue.hold();
    const before = gone.length;
    await new Promise((resolve) => setImmediate(resolve));
    expect(gone).toHaveLength(before);
    expect(queue.waiting().requests).toBe(1_000 - before);
    queue.release();
    queue.hold();
    queue.release();
    queue.release();
    expect(gone).toHaveLength(2 * before); // Released again is not released faster.
    while (!queue.isFree()) await new Promise((resolve) => setImmediate(resolve));
    expect(gone).toEqual(names(0, 1_000));
  });
});

function open(limits: { requests?: number; bytes?: number; timeMs?: number } = {}) {
  const clock = new SteppedClock();
  const counts = emptyCounts();
  const queue = createHoldQueue({ requests: 100, bytes: 1_000, timeMs: 1_000, ...limits }, clock, counts);
  const gone: string[] = [];
  const refused: [string, number, number | undefined][] = [];
  const join = (name: string, sizeBytes = 0) =>
    queue.join({
      sizeBytes,
      go: () => gone.push(name),
      refuse: ({ status, retryAfterS }: Refusal) => refused.push([name, status, retryAfterS]),
    });
  queue.hold();
  return { queue, join, gone, refused, clock, counts };
}
