import { expect, it } from "vitest";
import type { EndedUpdate, Standing } from "./fold-standing.ts";
import type { UpdateId } from "./journal-entry.ts";
import { planReferencedSnapshots } from "./plan-referenced-snapshots.ts";
import { START } from "./tell-journal.testing.ts";

const id = (text: string) => text as UpdateId;
const running = { release: "new", version: "2.0.0", commit: "c" };
const ended = (update: string, more: Partial<EndedUpdate> = {}): EndedUpdate => ({
  update: id(update),
  start: START,
  outcome: "committed",
  because: "",
  given: { release: "new", snapshot: update },
  isCancelled: false,
  gaveWay: false,
  failure: null,
  at: "2026-11-01T00:00:00.000Z",
  servedAt: null,
  ...more,
});
const standing = (...updates: EndedUpdate[]): Standing => ({ running, committed: running, ended: updates });

it("the snapshot with which the version that runs came stays, also after a backup was restored since", () =>
  expect(
    planReferencedSnapshots(
      standing(
        ended("u1", { given: { release: "old", snapshot: "u1" } }),
        ended("u2"),
        ended("u3", { start: { ...START, trigger: "restore" }, given: { release: "new" } }),
      ),
      [],
    ),
  ).toEqual(["u2"]));

it("what an unfinished update takes and puts back stays", () => {
  const start = {
    ...START,
    watches: id("u1"),
    overrides: { stateOf: id("u0"), restore: { backup: "b", components: ["data" as const], overwriteConfig: false } },
  };
  expect(planReferencedSnapshots(standing(), [{ update: id("u9"), start }])).toEqual(["u9", "u9-ahead", "u1", "u0", "b"]);
});
