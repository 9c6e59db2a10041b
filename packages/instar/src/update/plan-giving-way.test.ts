import { expect, test } from "vitest";
import type { EndedUpdate } from "./fold-standing.ts";
import type { EntryBody, UpdateId } from "./journal-entry.ts";
import { planGivingWay } from "./plan-giving-way.ts";
import { applied, applying, cancelled, done, failed, START, STEPS, stumbled, superseded, type Told, tellJournal, waiting } from "./tell-journal.testing.ts";

/** With the step that waits for people before the exchange. */
const WITH_APPROVAL = STEPS.flatMap((step) =>
  step.id === "switch" ? [{ id: "approve", version: 1, title: "Wait", undoNeedless: "it only waits" }, step] : [step],
);
const ended = (gaveWay: boolean, trigger: EndedUpdate["start"]["trigger"] = "found"): EndedUpdate => ({
  update: "abcdefgh" as UpdateId,
  start: { ...START, trigger },
  outcome: gaveWay ? "cancelled" : "committed",
  because: "",
  given: {},
  isCancelled: false,
  gaveWay,
  failure: null,
  at: "2026-11-01T00:00:00.000Z",
  servedAt: null,
});
const approved: EntryBody = {
  kind: "approved",
  approval: { by: "ada", digest: "d", policy: "p", untilTickMs: 1e9, until: "2026-12-01T00:00:00.000Z", because: "" } as never,
};
const GIVES_WAY = null;
const KEEPS = "";
const prepared = done("fetch", "stage");
const watched = [...prepared, ...done("switch", "confirm"), applying("watch"), waiting("watch", 9_999)];
const asked = [...prepared, applying("approve"), waiting("approve", 9_999)];

test.each<[string, readonly Told[], readonly EndedUpdate[], string | null]>([
  ["has only begun", [], [], GIVES_WAY],
  ["is being made", [...done("fetch"), applying("stage")], [], GIVES_WAY],
  ["tries again what may pass by itself", [applying("fetch"), stumbled("fetch")], [], GIVES_WAY],
  ["waits for people", asked, [], GIVES_WAY],
  ["waits for people, also after two that gave way", asked, [ended(true), ended(true)], GIVES_WAY],
  ["is watched", watched, [], GIVES_WAY],
  ["is watched, also after two that gave way", watched, [ended(true), ended(true)], GIVES_WAY],
  ["is being exchanged", [...prepared, applying("switch")], [], KEEPS],
  ["serves and is not confirmed", [...prepared, ...done("switch")], [], KEEPS],
  ["failed for good", [...done("fetch"), applying("stage"), failed("stage")], [], KEEPS],
  ["is being watched and failed", [...watched, failed("watch")], [], KEEPS],
  ["was cancelled", [...done("fetch"), applying("stage"), cancelled], [], KEEPS],
  ["was told so already", [...done("fetch"), applying("stage"), superseded], [], KEEPS],
  ["was rejected, and has not noticed yet", [...asked, { kind: "rejected", by: "ada", because: "no" } as EntryBody], [], KEEPS],
  ["people let on", [...asked, approved, applied("approve")], [], ": people let it on"],
  ["comes after one that gave way", [...done("fetch")], [ended(true)], GIVES_WAY],
  ["comes after two that gave way", [...done("fetch")], [ended(true), ended(true)], ": the 2 before it gave way already"],
  [
    "comes after two that gave way, and one that was watched again",
    prepared,
    [ended(true), ended(false, "watch-again"), ended(true)],
    ": the 2 before it gave way already",
  ],
  ["comes after two that gave way and one that went through", prepared, [ended(true), ended(true), ended(false)], GIVES_WAY],
])("an update that %s", (_, told, before, answer) => {
  expect(planGivingWay(tellJournal(told, WITH_APPROVAL), before)).toBe(answer);
});

test.each(["by-hand", "first", "rollback", "restore", "watch-again"] as const)(
  "one that began as '%s' gives way where it serves and is watched, and only there",
  (trigger) => {
    expect(planGivingWay(tellJournal(prepared, WITH_APPROVAL, { ...START, trigger }), [])).toBe(KEEPS);
    expect(planGivingWay(tellJournal(asked, WITH_APPROVAL, { ...START, trigger }), [])).toBe(KEEPS);
    expect(planGivingWay(tellJournal(watched, WITH_APPROVAL, { ...START, trigger }), [])).toBe(GIVES_WAY);
  },
);
