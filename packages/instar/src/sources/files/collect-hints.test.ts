import { SimulatedClock } from "@instar/testkit";
import { expect, test } from "vitest";
import { type Burst, collectHints } from "./collect-hints.ts";

const settle = async () => {};

function begin(longestMs = 10_000) {
  const clock = new SimulatedClock();
  const hints = collectHints({ quietMs: 500, longestMs, clock });
  const told: Burst[] = [];
  const ended = new AbortController();
  const next = () => hints.next(settle, ended.signal).then((burst) => told.push(burst));
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return { clock, hints, told, next, turn, ended };
}

test("a burst is told once nothing came for the quiet time, and not before", async () => {
  const { clock, hints, told, next, turn } = begin();
  void next();
  for (const path of ["a", "b", "a"]) {
    hints.hint(path);
    await turn();
    clock.advance(499);
    await turn();
    expect(told).toEqual([]);
  }
  clock.advance(1);
  await turn();
  expect(told).toEqual([{ kind: "paths", paths: new Set(["a", "b"]) }]);
});

test("one that never rests is told after the longest time, and goes on with the next", async () => {
  const { clock, hints, told, next, turn } = begin(1_000);
  void next();
  for (let number = 0; number < 11; number += 1) {
    hints.hint(`${number}`);
    await turn();
    clock.advance(100);
    await turn();
  }
  expect(told).toHaveLength(1);
  void next();
  clock.advance(500);
  await turn();
  expect(told[1]).toEqual({ kind: "paths", paths: new Set(["10"]) });
});

test("anything swallows the paths, and too many paths are anything", async () => {
  const { clock, hints, told, next, turn } = begin();
  hints.hint("a");
  hints.anything("why");
  void next();
  await turn();
  clock.advance(500);
  await turn();
  for (let number = 0; number <= 10_000; number += 1) hints.hint(`${number}`);
  void next();
  await turn();
  clock.advance(500);
  await turn();
  expect(told).toEqual([
    { kind: "anything", because: "why" },
    { kind: "anything", because: "more than 10000 paths changed at once" },
  ]);
});

test("waiting ends when the signal aborts", async () => {
  const { next, ended } = begin();
  const waiting = next();
  ended.abort(new Error("over"));
  await expect(waiting).rejects.toThrow("over");
});
