import { describe, expect, it } from "vitest";
import { foldStanding } from "./fold-standing.testing.ts";
import type { JournalEntry, UpdateId } from "./journal-entry.ts";
import { planWatchAgain } from "./plan-watch-again.ts";
import { applied, done, ended, START, STEPS, type Told, tellJournal } from "./tell-journal.testing.ts";

const update = (number: number, trigger: "found" | "watch-again", ...told: Told[]): JournalEntry[] =>
  tellJournal([...done("fetch"), applied("stage", { release: `release-${number}` }), ...told], STEPS, {
    ...START,
    trigger,
    ...(trigger === "watch-again" ? { watches: `update-${number}-found` as UpdateId } : {}),
    commit: `commit-${number}`,
    versionTo: `1.${number}.0`,
  }).map((entry) => ({ ...entry, update: `update-${number}-${trigger}` as UpdateId }));
const plan = (...journals: JournalEntry[][]) => planWatchAgain(foldStanding(journals));
const FIRST = update(1, "found", ended("committed"));
const SUPERSEDED = update(2, "found", ended("superseded"));

describe("a version whose window was closed by a newer one", () => {
  for (const outcome of ["refused", "cancelled"] as const)
    it(`is watched again when that one is ${outcome} before it serves`, () =>
      expect(plan(FIRST, SUPERSEDED, update(3, "found", ended(outcome)))).toEqual({
        commit: "commit-2",
        versionFrom: "1.1.0",
        releaseFrom: "release-1",
        wayBack: "release-1",
        versionTo: "1.2.0",
        existingRelease: "release-2",
        watches: "update-2-found",
      }));

  it("is watched again each time that happens", () =>
    expect(
      plan(FIRST, SUPERSEDED, update(3, "found", ended("refused")), update(2, "watch-again", ended("superseded")), update(4, "found", ended("refused"))),
    ).toMatchObject({ existingRelease: "release-2", watches: "update-2-found" }));

  it("is not, while the newer one is under way, or where it stays or goes back", () => {
    expect(plan(FIRST, SUPERSEDED)).toBeUndefined();
    for (const outcome of ["committed", "superseded", "rolled-back"] as const)
      expect(plan(FIRST, SUPERSEDED, update(3, "found", ended(outcome)))).toBeUndefined();
  });

  it("is not, over and over, where it could not be watched again", () =>
    expect(plan(FIRST, SUPERSEDED, update(3, "found", ended("refused")), update(2, "watch-again", ended("refused")))).toBeUndefined());
});

it("what is committed needs no watching, whatever is refused", () => {
  expect(plan(FIRST, update(2, "found", ended("refused")))).toBeUndefined();
  expect(plan()).toBeUndefined();
});
