import { describe, expect, it } from "vitest";
import { estimateFromHistory } from "./estimate-from-history.ts";
import type { EntryBody, JournalEntry, UpdateId } from "./journal-entry.ts";

const tell = (...entries: readonly (readonly [tickMs: number, body: EntryBody, epoch?: number])[]): JournalEntry[] =>
  entries.map(([tickMs, body, epoch = 1], seq) => ({ ...body, update: "u" as UpdateId, seq, at: "", tickMs, epoch, attempt: 1 }));
const tests = (tookMs: number, verdict = "pass", epoch = 1) =>
  tell([100, { kind: "applying", step: "validate" }], [100 + tookMs, { kind: "applied", step: "validate", gives: { tests: verdict } }, epoch]);

describe("what this instance's past says", () => {
  it("knows nothing without a past", () => expect(estimateFromHistory([])).toEqual({ testMs: null, rollbackMs: null }));
  it("takes the median of the tests that ran", () => expect(estimateFromHistory([tests(10), tests(500), tests(20)]).testMs).toBe(20));
  it("leaves out what measured nothing", () => expect(estimateFromHistory([tests(1, "nodata")]).testMs).toBeNull());
  it("leaves out what a restart of the daemon lies in", () => expect(estimateFromHistory([tests(10_000, "pass", 2)]).testMs).toBeNull());
  it("forgets what lies more than ten updates back", () =>
    expect(estimateFromHistory([...Array.from({ length: 9 }, () => tests(9_000)), ...Array.from({ length: 10 }, () => tests(5))]).testMs).toBe(5));
  it("takes how long going back took", () =>
    expect(estimateFromHistory([tell([5, { kind: "undoing", step: "switch" }], [305, { kind: "undone", step: "switch", gives: {} }])]).rollbackMs).toBe(300));
});
