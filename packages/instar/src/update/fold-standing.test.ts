import { describe, expect, it } from "vitest";
import { foldStanding } from "./fold-standing.testing.ts";
import type { UpdateId } from "./journal-entry.ts";
import { applied, applying, done, ended, resolved, START, STEPS, stuck, type Told, tellJournal } from "./tell-journal.testing.ts";

/** An update to a version that built a release of that number, and what became of it. */
const update = (number: number, ...told: Told[]) =>
  tellJournal([...done("fetch"), applied("stage", { release: `release-${number}` }), ...told], STEPS, {
    ...START,
    commit: `commit-${number}`,
    versionTo: `1.${number}.0`,
  }).map((entry) => ({
    ...entry,
    update: `update-${number}` as UpdateId,
  }));
const release = (number: number) => ({ release: `release-${number}`, version: `1.${number}.0`, commit: `commit-${number}` });

describe("where the instance stands", () => {
  for (const [name, journals, running, committed] of [
    ["nowhere before the first update", [], null, null],
    ["nowhere while the first is under way", [update(1)], null, null],
    ["at what was committed", [update(1, ended("committed"))], release(1), release(1)],
    ["at the newest that was committed", [update(1, ended("committed")), update(2, ended("committed"))], release(2), release(2)],
    ["where it stood, after one that was rolled back", [update(1, ended("committed")), update(2, ended("rolled-back"))], release(1), release(1)],
    ["where it stood, after one that was refused", [update(1, ended("committed")), update(2, ended("refused"))], release(1), release(1)],
    ["where it stood, after one that was cancelled", [update(1, ended("committed")), update(2, ended("cancelled"))], release(1), release(1)],
    ["where it stood, while the next is under way", [update(1, ended("committed")), update(2, applying("switch"))], release(1), release(1)],
    [
      "at what was superseded, with the way back to what was committed before it",
      [update(1, ended("committed")), update(2, ended("superseded"))],
      release(2),
      release(1),
    ],
    [
      "at what was committed after a superseded one",
      [update(1, ended("committed")), update(2, ended("superseded")), update(3, ended("committed"))],
      release(3),
      release(3),
    ],
    [
      "back at what was committed, when the one after a superseded one is rolled back: that is where going back ends",
      [update(1, ended("committed")), update(2, ended("superseded")), update(3, ended("rolled-back"))],
      release(1),
      release(1),
    ],
    [
      "where the superseded one is, when the one after it is refused",
      [update(1, ended("committed")), update(2, ended("superseded")), update(3, ended("refused"))],
      release(2),
      release(1),
    ],
    [
      "at what a person accepted",
      [update(1, ended("committed")), update(2, applying("switch"), stuck(), resolved("accept"), ended("stuck-resolved"))],
      release(2),
      release(2),
    ],
    [
      "where it stood, after a person accepted what had only been tried",
      [update(1, ended("committed")), update(2, applying("trial"), stuck(), resolved("accept"), ended("stuck-resolved"))],
      release(1),
      release(1),
    ],
    [
      "where it stood, after what a person abandoned",
      [update(1, ended("committed")), update(2, stuck(), resolved("abandon"), ended("stuck-resolved"))],
      release(1),
      release(1),
    ],
  ] as const)
    it(name, () => expect(foldStanding(journals)).toMatchObject({ running, committed }));

  it("knows every update that ended, with its reason and what it gave", () =>
    expect(foldStanding([update(1, ended("refused", "its tests fail")), update(2)]).ended).toEqual([
      expect.objectContaining({ update: "update-1", outcome: "refused", because: "its tests fail", given: { release: "release-1" } }),
    ]));

  it("does not call a release running that no step gave", () =>
    expect(foldStanding([tellJournal([...done("fetch"), ended("committed")])])).toMatchObject({
      running: null,
      committed: null,
      ended: [{ outcome: "committed" }],
    }));
});
