import { describe, expect, it } from "vitest";
import type { EntryBody, Gives, UpdateId } from "./journal-entry.ts";
import { planLedgerStatements, quarantinedBy } from "./plan-ledger-statements.ts";
import {
  applied,
  applying,
  cancelled,
  ended,
  failed,
  resolved,
  START,
  STEPS,
  stuck,
  superseded,
  undoFailed,
  undoing,
  undone,
  waiting,
} from "./tell-journal.testing.ts";

const UPDATE = "update-1" as UpdateId;
const hear = (body: EntryBody, given: Gives = {}) => planLedgerStatements(UPDATE, START, body, given);

describe("what the ledger hears", () => {
  for (const [name, body, given, heard] of [
    ["that an update started", { kind: "started", steps: STEPS, start: START }, {}, ["UPDATE_STARTED yes: update to 1.1.0 started (found)"]],
    ["that the analysis began", applying("analyse"), {}, ["ANALYSIS_STARTED yes: analysis started"]],
    ["nothing of other beginnings", applying("switch"), {}, []],
    ["what the analysis found", applied("analyse"), {}, ["ANALYSIS_COMPLETED yes: step analyse done"]],
    ["that the tests passed", applied("validate"), {}, ["VALIDATION_PASSED yes: step validate done"]],
    ["that the state was backed up", applied("back-up"), {}, ["BACKUP_CREATED yes: step back-up done"]],
    ["that any other step is done", applied("switch"), {}, ["STAGE_COMPLETED yes: step switch done"]],
    ["that the tests failed", failed("validate"), {}, ["VALIDATION_FAILED no: it broke"]],
    ["that any other step failed", failed("switch"), {}, ["STEP_FAILED no: it broke"]],
    ["that going back began", undoing("switch"), {}, ["ROLLBACK_STARTED yes: undoing switch"]],
    ["that it went back", undone("switch"), {}, ["ROLLBACK_COMPLETED yes: switch undone"]],
    ["that it could not go back", undoFailed("switch"), {}, ["ROLLBACK_FAILED no: it would not go"]],
    ["that it is stuck", stuck("look at me"), {}, ["ROLLBACK_FAILED no: look at me"]],
    ["who cancelled", cancelled, {}, ["CANCEL_REQUESTED yes: ada cancelled it"]],
    ["what took its place", superseded, {}, ["UPDATE_DISMISSED yes: 1.2.0 is new"]],
    ["what a person chose", resolved("accept"), {}, ["UPDATE_RESOLVED yes: resolved: accept"]],
    ["nothing of a look that found it is not time yet", waiting("watch", 1), {}, []],
    ["that it was committed", ended("committed"), { digest: "d1" }, ["UPDATE_COMPLETED yes: so"]],
    ["that it was refused", ended("refused"), { digest: "d1" }, ["UPDATE_FAILED no: so"]],
    [
      "that it was rolled back, and what must not come again by itself",
      ended("rolled-back"),
      { digest: "d1" },
      ["UPDATE_FAILED no: so", "RELEASE_QUARANTINED yes: so"],
    ],
    ["that it was rolled back before anything was built", ended("rolled-back"), {}, ["UPDATE_FAILED no: so"]],
  ] as const satisfies readonly (readonly [string, EntryBody, Gives, readonly string[]])[])
    it(name, () => expect(hear(body, given).map(({ event, success, description }) => `${event} ${success ? "yes" : "no"}: ${description}`)).toEqual(heard));

  it("what began an update is in its details, also where its sentence is somebody's reason", () => {
    const edits = { id: "e1", because: "update to 2 started (rollback)", restart: true };
    for (const start of [START, { ...START, kind: "configuration", trigger: "by-hand", edits }] as const)
      expect(planLedgerStatements(UPDATE, start, { kind: "started", steps: STEPS, start }, {})[0]?.details).toMatchObject({ trigger: start.trigger });
  });

  it("always names the update and both versions", () => {
    for (const body of [applied("switch"), failed("switch"), cancelled, ended("committed"), stuck()])
      expect(hear(body)[0]).toMatchObject({ update: UPDATE, versionFrom: "1.0.0", versionTo: "1.1.0" });
    expect(planLedgerStatements(UPDATE, { ...START, versionFrom: null }, ended("committed"), {})[0]).not.toHaveProperty("versionFrom");
  });

  it("names the person who asked, and the daemon for all else", () => {
    const actors = [cancelled, resolved("retry"), applied("switch"), ended("committed")].map((body) => hear(body)[0]?.actor);
    expect(actors).toEqual([
      { type: "user", id: "ada" },
      { type: "user", id: "ada" },
      { type: "system", id: "daemon" },
      { type: "system", id: "daemon" },
    ]);
    const byHand = planLedgerStatements(UPDATE, { ...START, actor: { type: "user", id: "ada" } }, { kind: "started", steps: STEPS, start: START }, {});
    expect(byHand[0]?.actor).toEqual({ type: "user", id: "ada" });
  });

  it("keeps what the operator overrode and the definitions it began with", () => {
    const start = { ...START, overrides: { untested: true } };
    expect(planLedgerStatements(UPDATE, start, { kind: "started", steps: STEPS, start }, {})[0]?.details).toMatchObject({
      overrides: { untested: true },
      steps: ["fetch@1", "stage@1", "switch@1", "confirm@1", "watch@1", "commit@1"],
    });
  });

  it("keeps that writes may be lost, where a person allowed it", () => expect(hear(resolved("retry", true))[0]?.details).toEqual({ mayLoseWrites: true }));

  const ends = ["committed", "rolled-back", "refused", "cancelled", "superseded", "stuck-resolved"] as const;
  it("quarantines only what was rolled back and has a digest", () => {
    expect(ends.filter((outcome) => quarantinedBy(ended(outcome), START, { digest: "d1" }))).toEqual(["rolled-back"]);
    expect(quarantinedBy(ended("rolled-back"), START, {})).toBeUndefined();
  });

  it("quarantines what a person went back from, once the other one stays; and not the other one where it does not get well", () => {
    const back = { ...START, trigger: "rollback", leaves: "d2" } as const;
    const given = { digest: "d1" };
    expect(ends.map((outcome) => quarantinedBy(ended(outcome), back, given)?.digest)).toEqual(["d2", undefined, undefined, undefined, undefined, undefined]);
  });
});
