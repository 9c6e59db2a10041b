import { foldUpdateEvents } from "@instar/protocol";
import { describe, expect, it } from "vitest";
import { foldJournalEvents } from "./fold-journal-events.ts";
import { defineStep } from "./step.ts";
import {
  applied,
  applying,
  cancelled,
  done,
  ended,
  failed,
  resolved,
  STEPS,
  stuck,
  superseded,
  takenBack,
  tellJournal,
  undoFailed,
  undoing,
  waiting,
} from "./tell-journal.testing.ts";

const switching = defineStep({
  id: "switch",
  version: 1,
  title: "Exchange it",
  interruptible: false,
  probe: async () => ({ found: "absent" }),
  apply: async () => ({ kind: "done", gives: {} }),
  undo: { needless: "" },
  describe: (gives) => `served from ${String(gives.slot)}`,
});

describe("a journal as events", () => {
  const journal = tellJournal([
    applying("fetch"),
    waiting("fetch", 0),
    applying("fetch"),
    applied("fetch", { release: "release-2" }),
    applying("switch"),
    applied("switch", { slot: "green" }),
    failed("watch"),
    superseded,
    undoing("switch"),
    undoFailed("switch", "ROLLBACK_FAILED"),
    stuck("look at me"),
    resolved("retry"),
    ...takenBack("switch"),
    cancelled,
    ended("rolled-back", "it broke"),
  ]);
  const events = foldJournalEvents(journal, [switching]);

  it("has one event for each entry, with its index and time", () => {
    expect(events.map((event) => event.index)).toEqual(journal.map((entry) => entry.seq));
    expect(events.map((event) => event.at)).toEqual(journal.map((entry) => entry.at));
  });

  it("begins with the steps and has one terminal event, the last", () => {
    expect(events[0]).toMatchObject({
      kind: "update-started",
      steps: STEPS.map(({ id, title }) => ({ id, title })),
      versionTo: "1.1.0",
      releaseFrom: "release-1",
    });
    expect(events.flatMap((event, index) => ("terminal" in event ? [index] : []))).toEqual([events.length - 1]);
  });

  it("names everything that can happen", () =>
    expect(events.slice(1).map(({ update: _update, index: _index, at: _at, ...event }) => event)).toEqual([
      { kind: "step-started", step: "fetch", attempt: 1 },
      { kind: "step-waiting", step: "fetch", because: "not yet" },
      { kind: "step-started", step: "fetch", attempt: 2 },
      { kind: "step-done", step: "fetch", because: "", release: "release-2" },
      { kind: "step-started", step: "switch", attempt: 1 },
      { kind: "step-done", step: "switch", because: "served from green" },
      { kind: "step-failed", step: "watch", code: "APPLY_FAILED", because: "it broke" },
      { kind: "update-asked", because: "1.2.0 is new" },
      { kind: "step-undoing", step: "switch" },
      { kind: "step-undo-failed", step: "switch", code: "ROLLBACK_FAILED", because: "it would not go" },
      { kind: "update-stuck", because: "look at me" },
      { kind: "update-asked", because: "ada chose to retry" },
      { kind: "step-undoing", step: "switch" },
      { kind: "step-undone", step: "switch" },
      { kind: "update-asked", because: "ada cancelled it" },
      { kind: "update-ended", outcome: "rolled-back", because: "it broke", terminal: true },
    ]));

  it("folds to the same view however often it is folded", () =>
    expect(foldUpdateEvents(events)).toEqual(foldUpdateEvents(foldJournalEvents(journal, [switching]))));

  it("has a view after every entry: a watcher never meets a hole", () => {
    for (let length = 1; length <= events.length; length += 1)
      expect(foldUpdateEvents(events.slice(0, length))?.outcome).toBe(length === events.length ? "rolled-back" : null);
  });

  it("is empty for an empty journal", () => expect(foldJournalEvents([], [])).toEqual([]));
  it("does without a description where the definition is gone", () =>
    expect(foldJournalEvents(tellJournal(done("switch")), [])[2]).toMatchObject({ because: "" }));
});
