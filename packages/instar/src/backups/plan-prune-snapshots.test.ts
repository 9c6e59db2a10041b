import { describe, expect, it } from "vitest";
import { type PrunableSnapshot, planPruneSnapshots, planRemoveSnapshots } from "./plan-prune-snapshots.ts";

const DAY_MS = 86_400_000;
const NOW_MS = 100 * DAY_MS;
const snapshot = (id: string, daysOld: number, more: Partial<PrunableSnapshot> = {}): PrunableSnapshot => ({
  id,
  state: "whole",
  takenAtMs: NOW_MS - daysOld * DAY_MS,
  tags: [],
  ...more,
});
const pruned = (snapshots: readonly PrunableSnapshot[], rules: { keep: number; keepDays?: number; referenced?: readonly string[] }) =>
  planPruneSnapshots(snapshots, { ...rules, nowMs: NOW_MS, referenced: new Set(rules.referenced) }).map(({ id }) => id);

describe("of snapshots", () => {
  it("the newest stay, with all that something refers to and all that are damaged", () =>
    expect(
      pruned(
        [
          snapshot("a", 5),
          snapshot("b", 4),
          snapshot("c", 3),
          snapshot("d", 1, { state: "unfinished" }),
          snapshot("e", 1, { state: "unfinished" }),
          snapshot("f", 6, { state: "damaged" }),
        ],
        { keep: 1, referenced: ["a", "e"] },
      ),
    ).toEqual(["b", "d"]));
  it("those that are too old go, but never the newest whole one", () => {
    expect(pruned([snapshot("a", 40), snapshot("b", 31), snapshot("c", 29)], { keep: 10, keepDays: 30 })).toEqual(["a", "b"]);
    expect(pruned([snapshot("a", 50), snapshot("b", 40)], { keep: 10, keepDays: 30 })).toEqual(["a"]);
    expect(pruned([snapshot("a", 50), snapshot("b", 40)], { keep: 10 })).toEqual([]);
  });
  it("tagged ones stay however many and however old, and take no other's place", () =>
    expect(
      pruned([snapshot("a", 90, { tags: ["before-v2"] }), snapshot("b", 3), snapshot("c", 2, { tags: ["x"] }), snapshot("d", 1)], { keep: 1, keepDays: 30 }),
    ).toEqual(["b"]));
  it("an old one that the way back refers to stays", () =>
    expect(pruned([snapshot("a", 90), snapshot("b", 1)], { keep: 1, keepDays: 30, referenced: ["a"] })).toEqual([]));
});

describe("what a person names goes", () => {
  const snapshots = [snapshot("a", 3, { tags: ["x"] }), snapshot("b", 2, { tags: ["x", "y"] }), snapshot("c", 1)];
  it("by its tag", () => expect(planRemoveSnapshots(snapshots, { tag: "x" }, new Set()).remove.map(({ id }) => id)).toEqual(["a", "b"]));
  it("by its id, the newest too", () => expect(planRemoveSnapshots(snapshots, { id: "c" }, new Set()).remove.map(({ id }) => id)).toEqual(["c"]));
  it("but for what is needed to go back", () =>
    expect(planRemoveSnapshots(snapshots, { tag: "x" }, new Set(["b"]))).toEqual({ remove: [{ id: "a", because: "it has the tag x" }], needed: ["b"] }));
});
