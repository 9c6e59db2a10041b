import { InstarError } from "@instar/protocol";
import { describe, expect, it } from "vitest";
import { foldStanding } from "../fold-standing.testing.ts";
import type { EndedUpdate } from "../fold-standing.ts";
import type { UpdateId, UpdateStart } from "../journal-entry.ts";
import { applied, applying, ended, START, STEPS, tellJournal } from "../tell-journal.testing.ts";
import { planRollback } from "./plan-rollback.ts";
import type { KnownRelease, KnownSnapshot, RollbackAsked, RollbackFacts, RollbackTarget } from "./rollback-facts.ts";

const DAY = 86_400_000;
const T0 = Date.parse("2026-11-01T00:00:00.000Z");

/** Version number N, put in place on day N by update uN. */
const update = (number: number, outcome: EndedUpdate["outcome"] = "committed", given: object = {}, start: Partial<UpdateStart> = {}) =>
  tellJournal([applying("stage"), applied("stage", { release: `r${number}`, digest: `d${number}`, snapshot: `u${number}`, ...given }), ended(outcome)], STEPS, {
    ...START,
    commit: `c${number}`.padEnd(12, "0"),
    versionTo: `${number}.0.0`,
    releaseFrom: `r${number - 1}`,
    wayBack: `r${number - 1}`,
    ...start,
  }).map((entry) => ({ ...entry, update: `u${number}` as UpdateId, at: new Date(T0 + number * DAY).toISOString() }));
/** Update uN again, under another id. */
const as = (id: string, journal: ReturnType<typeof update>) => journal.map((entry) => ({ ...entry, update: id as UpdateId }));
const release = (number: number, parts: Partial<KnownRelease> = {}): KnownRelease => ({
  release: `r${number}`,
  version: `${number}.0.0`,
  commit: `c${number}`.padEnd(12, "0"),
  digest: `d${number}`,
  files: "intact",
  filesBecause: "",
  isKept: false,
  quarantined: null,
  ...parts,
});
const snapshot = (number: number, parts: Partial<KnownSnapshot> = {}): KnownSnapshot => ({
  id: `u${number}`,
  takenAtMs: T0 + number * DAY,
  isWhole: true,
  hasState: true,
  sizeBytes: 1_000,
  release: `r${number - 1}`,
  ...parts,
});
const facts = (parts: Partial<RollbackFacts> = {}): RollbackFacts => ({
  standing: foldStanding([update(1), update(2), update(3)]),
  releases: [release(1), release(2), release(3)],
  snapshots: [snapshot(3), snapshot(2)],
  edits: [],
  state: { kind: "exclusive", sizeBytes: 1_048_576 },
  freeBytes: 1_000_000_000,
  reserveBytes: 0,
  writesSince: { writes: 7, isKnown: true },
  missingPrograms: null,
  rollbackMs: 800,
  ...parts,
});
const ask = (target: RollbackTarget = { kind: "previous" }, parts: Partial<RollbackAsked> = {}): RollbackAsked => ({
  target,
  withState: false,
  codeAlone: false,
  quarantined: false,
  ...parts,
});
const plan = (asked = ask(), parts: Partial<RollbackFacts> = {}) => {
  const planned = planRollback(facts(parts), asked);
  return { to: planned.target.version, how: planned.parts.map(({ what, strategy }) => `${what}: ${strategy}`), ...planned };
};
const codeOf = (act: () => unknown) => {
  try {
    act();
    return "nothing";
  } catch (error) {
    return InstarError.is(error) ? error.code : String(error);
  }
};

describe("where going back leads", () => {
  for (const [story, target, parts, to] of [
    ["to the version before", { kind: "previous" }, {}, "2.0.0"],
    ["to a version by its name, and to a release by its id", { kind: "version", name: "1.0.0" }, {}, "1.0.0"],
    ["to what ran at a time: the newest that had come by then", { kind: "time", atMs: T0 + 2.5 * DAY }, {}, "2.0.0"],
    [
      "to what ran at a time, not to what was put back by then",
      { kind: "time", atMs: T0 + 4 * DAY },
      { standing: foldStanding([update(1), update(2), update(3, "rolled-back"), update(5)]), releases: [release(1), release(2), release(5)] },
      "2.0.0",
    ],
    ["to what ran when a snapshot was taken", { kind: "checkpoint", id: "u2" }, {}, "1.0.0"],
    [
      "to the last committed where what runs is still watched",
      { kind: "last-committed" },
      { standing: foldStanding([update(1), update(2), update(3, "superseded")]) },
      "2.0.0",
    ],
    ["to the last committed before what runs", { kind: "last-committed" }, {}, "2.0.0"],
  ] as const)
    it(story, () => expect(plan(ask(target), parts as Partial<RollbackFacts>).to).toBe(to));

  it("further back from where it has gone back to, and not forward again", () => {
    const back = as("u4", update(2, "committed", {}, { trigger: "rollback", releaseFrom: "r3", wayBack: "r3" }));
    const standing = foldStanding([update(1), update(2), update(3), back]);
    expect(plan(ask(), { standing }).to).toBe("1.0.0");
    const releases = [release(1), release(2), release(3, { quarantined: "left" })];
    expect(plan(ask({ kind: "last-committed" }), { standing, releases }).to).toBe("1.0.0");
  });

  it("further back also from what was built anew", () => {
    const rebuilt = as("u4", update(2, "committed", { release: "r2-again" }, { trigger: "rollback", releaseFrom: "r3", wayBack: "r3" }));
    const standing = foldStanding([update(1), update(2), update(3), rebuilt]);
    const releases = [release(1), release(2), release(3), release(2, { release: "r2-again" })];
    expect(plan(ask(), { standing, releases }).to).toBe("1.0.0");
  });

  it("to what served at a time, also before the end of its window", () => {
    const [third] = [update(3)];
    const served = { ...third[1], kind: "applied", step: "switch", gives: {}, at: new Date(T0 + 2.2 * DAY).toISOString() };
    const journal = [...third.slice(0, -1), served, third.at(-1)] as ReturnType<typeof update>;
    expect(
      plan(ask({ kind: "time", atMs: T0 + 2.5 * DAY }, { codeAlone: false }), {
        standing: foldStanding([update(1), update(2), journal, update(4)]),
        releases: [release(2), release(3), release(4)],
      }).to,
    ).toBe("3.0.0");
  });

  for (const [story, target, code] of [
    ["nowhere where there was nothing yet", { kind: "time", atMs: T0 }, "NOT_FOUND"],
    ["not to a version that never was", { kind: "version", name: "9.9.9" }, "NOT_FOUND"],
    ["not to what runs already", { kind: "version", name: "3.0.0" }, "CONFLICT"],
    ["not to a snapshot that is not there", { kind: "checkpoint", id: "nope" }, "NOT_FOUND"],
    ["not to one of several snapshots of that name", { kind: "checkpoint", id: "u" }, "INPUT_INVALID"],
  ] as const)
    it(story, () => expect(codeOf(() => plan(ask(target)))).toBe(code));

  it("nowhere where nothing runs", () => expect(codeOf(() => plan(ask(), { standing: foldStanding([]) }))).toBe("CONFLICT"));
  it("not to a snapshot that is damaged", () =>
    expect(codeOf(() => plan(ask({ kind: "checkpoint", id: "u3" }), { snapshots: [snapshot(3, { isWhole: false })] }))).toBe("SNAPSHOT_DAMAGED"));
});

describe("how it goes back", () => {
  it("git reset: the release of the earlier commit, where it is what was sealed", () => expect(plan().how).toEqual(["code: git reset"]));
  it("backup restore of the code, where the release is gone or damaged and a copy is kept", () => {
    expect(plan(ask(), { releases: [release(2, { files: "gone", isKept: true })] }).how).toEqual(["code: backup restore"]);
    expect(plan(ask(), { releases: [release(2, { files: "damaged", isKept: true })] }).how).toEqual(["code: backup restore"]);
  });
  it("state reconstruction, where nothing of it is left but its commit and its digest; and nobody claims to know how long", () => {
    const planned = plan(ask(), { releases: [release(2, { files: "gone" })] });
    expect(planned.how).toEqual(["code: state reconstruction"]);
    expect(planned.takes.ms).toBeNull();
  });
  it("backup restore of the state, where that is asked for: today's is kept aside, and what is lost is counted", () => {
    const planned = plan(ask({ kind: "previous" }, { withState: true }));
    expect(planned.how).toEqual(["code: git reset", "state: backup restore"]);
    expect(planned.stateOf).toBe("u3");
    expect(planned.lost).toMatchObject({ writes: 7, isKnown: true, keptAside: true });
  });
  it("says 'at least' where the counts are not all there, and never zero where nobody counted", () => {
    expect(plan(ask({ kind: "previous" }, { withState: true }), { writesSince: { writes: 7, isKnown: false } }).lost.because).toContain("at least 7");
    expect(plan(ask({ kind: "previous" }, { withState: true }), { writesSince: null }).lost.isKnown).toBe(false);
  });
  it("says 'at least' of the writes where the snapshot is not that of the last exchange", () => {
    expect(plan(ask({ kind: "checkpoint", id: "u2" })).lost).toMatchObject({ writes: 7, isKnown: false });
  });
  it("puts no state back from a snapshot that has none", () => {
    expect(codeOf(() => plan(ask({ kind: "checkpoint", id: "u3" }), { snapshots: [snapshot(3, { hasState: false })] }))).toBe("CONFLICT");
    expect(codeOf(() => plan(ask({ kind: "previous" }, { withState: true }), { snapshots: [snapshot(3, { hasState: false })] }))).toBe("CONFLICT");
  });
  it("the code and the state of a checkpoint", () => {
    const planned = plan(ask({ kind: "checkpoint", id: "u2" }));
    expect(planned.how).toEqual(["code: git reset", "state: backup restore"]);
    expect(planned.stateOf).toBe("u2");
  });
  it("the state of a time is the newest snapshot of what ran then, taken by then", () => {
    const snapshots = [
      snapshot(3),
      { ...snapshot(2), id: "late", takenAtMs: T0 + 2.9 * DAY, release: "r2" },
      { ...snapshot(2), id: "then", takenAtMs: T0 + 2.2 * DAY, release: "r2" },
    ];
    expect(plan(ask({ kind: "time", atMs: T0 + 2.5 * DAY }, { withState: true }), { snapshots }).stateOf).toBe("then");
  });
  it("incremental undo of what was edited after the moment, newest first", () => {
    const edits = [1.5, 2.6, 2.7].map((day) => ({ update: `e${day}`, atMs: T0 + day * DAY, files: ["config.yaml"], because: "louder" }));
    const planned = plan(ask({ kind: "time", atMs: T0 + 2.5 * DAY }), { edits });
    expect(planned.undoes.map((edit) => edit.update)).toEqual(["e2.7", "e2.6"]);
    expect(planned.lost.edits).toEqual(["e2.7", "e2.6"]);
  });
  it("leaves edits alone where only a version is named", () =>
    expect(plan(ask({ kind: "version", name: "1.0.0" }), { edits: [{ update: "e", atMs: T0 + 2 * DAY, files: ["a"], because: "" }] }).undoes).toEqual([]));
  it("has no state to put back where the agent keeps it elsewhere", () =>
    expect(codeOf(() => plan(ask({ kind: "previous" }, { withState: true }), { state: { kind: "external", sizeBytes: 0 } }))).toBe("CONFLICT"));
  it("does not take a snapshot of another version's state", () =>
    expect(codeOf(() => plan(ask({ kind: "version", name: "1.0.0" }, { withState: true }), { snapshots: [snapshot(3)] }))).toBe("CONFLICT"));
  it("does not take both ways with the state", () =>
    expect(codeOf(() => plan(ask({ kind: "previous" }, { withState: true, codeAlone: true })))).toBe("INPUT_INVALID"));
});

describe("the five checks before it", () => {
  const verdictOf = (name: string, planned: ReturnType<typeof plan>) => planned.checks.find(({ check }) => check === name)?.verdict;
  it("are five, in the specification's order, and pass where all is well", () => {
    const planned = plan();
    expect(planned.checks.map(({ check }) => check)).toEqual([
      "backup_current_state",
      "check_disk_space",
      "verify_backup_integrity",
      "check_dependencies",
      "validate_target_state",
    ]);
    expect(planned.verdict).toBe("pass");
  });
  it("never call a state backed up that is not Instar's to back up", () => {
    const planned = plan(ask(), { state: { kind: "external", sizeBytes: 0 } });
    expect([verdictOf("backup_current_state", planned), planned.verdict]).toEqual(["nodata", "nodata"]);
  });
  it("count the state and the snapshot against what is free, the reserve included", () => {
    const state = { kind: "exclusive", sizeBytes: 100 * 1_048_576 } as const;
    expect(verdictOf("check_disk_space", plan(ask(), { state, freeBytes: 50 * 1_048_576 }))).toBe("fail");
    expect(verdictOf("check_disk_space", plan(ask(), { state, freeBytes: 50 * 1_048_576, reserveBytes: 64 * 1_048_576 }))).toBe("pass");
    const withState = ask({ kind: "previous" }, { withState: true });
    expect(verdictOf("check_disk_space", plan(withState, { state, freeBytes: 110 * 1_048_576, snapshots: [snapshot(3, { sizeBytes: 90 * 1_048_576 })] }))).toBe(
      "fail",
    );
  });
  it("miss a program that the agent is started with", () =>
    expect(verdictOf("check_dependencies", plan(ask(), { missingPrograms: "node is not on agent.path" }))).toBe("fail"));
  it("refuse a release that is quarantined, unless a person says otherwise", () => {
    const releases = [release(2, { quarantined: "it misbehaved" })];
    expect(plan(ask(), { releases })).toMatchObject({ verdict: "fail", because: expect.stringContaining("quarantined") });
    expect(plan(ask({ kind: "previous" }, { quarantined: true }), { releases }).verdict).toBe("pass");
  });
  it("refuse code alone where the rehearsal has shown that the old version does not run on today's state", () => {
    const standing = foldStanding([update(1), update(2), update(3, "committed", { wayBack: "with-state", wayBackBecause: "schema 18" })]);
    expect(plan(ask(), { standing })).toMatchObject({ verdict: "fail", because: expect.stringContaining("schema 18") });
    expect(plan(ask({ kind: "previous" }, { codeAlone: true }), { standing }).verdict).toBe("pass");
    expect(plan(ask({ kind: "previous" }, { withState: true }), { standing }).verdict).toBe("pass");
  });
});
