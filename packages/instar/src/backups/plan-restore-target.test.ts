import { describe, expect, it } from "vitest";
import { planRestoreTarget, type RestorableSnapshot } from "./plan-restore-target.ts";

const snapshot = (id: string, takenAtMs: number, more: Partial<RestorableSnapshot> = {}): RestorableSnapshot => ({
  id,
  state: "whole",
  takenAtMs,
  version: "1.0.0",
  update: null,
  ...more,
});
const SNAPSHOTS = [
  snapshot("aaaa", 100),
  snapshot("abbb", 200, { version: "1.0.1" }),
  snapshot("cccc", 300, { version: "1.0.1", update: "uuuu" }),
  snapshot("dddd", 400, { state: "damaged", version: null }),
  snapshot("eeee", 500, { state: "unfinished", version: null }),
];
const found = (target: Parameters<typeof planRestoreTarget>[1]) => {
  const chosen = planRestoreTarget(SNAPSHOTS, target);
  return chosen.kind === "found" ? chosen.id : chosen.because;
};

describe("what is restored is", () => {
  it.each([
    ["the newest whole one", {}, "cccc"],
    ["one by the first letters of its id", { backup: "ab" }, "abbb"],
    ["a damaged one, which is then refused by its bytes", { backup: "dddd" }, "dddd"],
    ["the newest that was taken while a version ran", { version: "1.0.1" }, "cccc"],
    ["the newest of a time or before", { atMs: 299 }, "abbb"],
    ["the one of that very moment", { atMs: 200 }, "abbb"],
    ["the one that an update took", { update: "uu" }, "cccc"],
  ])("%s", (_, target, id) => expect(found(target)).toBe(id));

  it.each([
    ["no such version", { version: "9.9.9" }, "no backup was taken while 9.9.9 ran"],
    ["no such time", { atMs: 99 }, "no backup is as old as 1970-01-01T00:00:00.099Z"],
    ["no such update", { update: "x" }, "update x took no backup that is still there"],
    ["no such id", { backup: "zz" }, "there is no backup zz"],
    ["letters that several begin with", { backup: "a" }, "a could be aaaa, abbb"],
    ["one that was never finished", { backup: "eeee" }, "backup eeee was never finished"],
    ["two ways to say which", { version: "1.0.0", atMs: 5 }, "only one of version, at can say which backup is meant"],
  ])("nothing where there is %s", (_, target, because) => expect(found(target)).toBe(because));
});
