import { expect, test } from "vitest";
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
