import { describe, expect, it } from "vitest";
import type { LedgerEntry } from "../ledger/ledger-entry.ts";
import { applied, cancelled, ended, failed, resolved, stuck, stumbled, superseded, undoFailed, undoing, undone } from "../update/tell-journal.testing.ts";
import { foldUpdates } from "./fold-updates.ts";
import { hasBegunExchange, isSecurity, judgeCause, judgeDelay, judgeStanding, judgeWayBack } from "./judge-update.ts";
import { CODE, CONFIGURATION, GOING_BACK, RESTORING, ToldLedger, WATCHING_AGAIN } from "./tell-ledger.testing.ts";

const ALL = { fromMs: Date.parse("2026-01-01"), toMs: Date.parse("2027-01-01") };
const between = (from: string, to: string) => ({ fromMs: Date.parse(from), toMs: Date.parse(to) });
const ledger = () => new ToldLedger();

async function onlyOf({ entries }: ToldLedger, period = ALL) {
  const { updates } = await foldUpdates(entries, period);
  expect(updates).toHaveLength(1);
  const [update] = updates;
  if (update === undefined) throw new Error("no update");
  return update;
}

describe("an update as the ledger tells it", () => {
  it("that went well: who, what, from where to where, and when", async () => {
    const told = ledger()
      .detect("1.1.0")
      .begin("u1", CODE, { actor: { type: "user", id: "ada" }, trigger: "by-hand" })
      .commit("u1");
    const update = await onlyOf(told);
    expect(update).toMatchObject({ id: "u1", sort: "code", trigger: "by-hand", by: "ada", versionFrom: "1.0.0", versionTo: "1.1.0", outcome: "committed" });
    expect(update).toMatchObject({
      risk: "low",
      decision: { comesTo: "proceed" },
      because: "every step is done",
      detected: { index: 0 },
      started: { index: 1 },
    });
    expect(update.entries).toEqual(told.entries.slice(1).map(({ index }) => index));
    expect([judgeStanding(update), judgeCause(update), judgeWayBack(update), hasBegunExchange(update)]).toEqual(["well", undefined, undefined, true]);
  });

  it("each step takes from the end of the one before, with the tries that failed in between", async () => {
    const told = ledger().begin("u1").done("u1", ["fetch"]).after(4_000).write("u1", stumbled("build")).after(5_000).write("u1", applied("build"));
    const { stages, failures } = await onlyOf(told);
    expect(stages.map(({ step, tookMs }) => [step, tookMs])).toEqual([
      ["fetch", 1_000],
      ["build", 11_000],
    ]);
    expect(failures.map(({ step, isTransient }) => [step, isTransient])).toEqual([["build", true]]);
  });

  it("each step that was done is timed once, whatever is told of its update after its end", async () => {
    const told = ledger().begin("u1").goBack("u1").say({ event: "INCIDENT_EXPLAINED", update: "u1" });
    const { stageTimes } = await foldUpdates(told.entries, ALL);
    expect([...stageTimes].map(([step, { times }]) => [step, times])).toEqual(CODE.slice(0, -2).map((step) => [step, [1_000]]));
  });

  it("what was measured: exchange, watch, rehearsal, tests", async () => {
    const { measured } = await onlyOf(ledger().begin("u1").commit("u1"));
    expect(measured).toMatchObject({
      exchange: { tookMs: 400 },
      watched: { requests: 300, failed: 0, ms: 4_000 },
      rehearsal: { verdict: "pass" },
      tests: { verdict: "pass" },
    });
  });

  it("people's words: approved, confirmed, cancelled, resolved", async () => {
    const approval = { by: "eve", token: null, role: "approver", digest: "d", policy: "p", because: "", untilTickMs: 0, untilAt: "" };
    const told = ledger()
      .begin("u1")
      .write("u1", { kind: "approved", approval })
      .write("u1", { kind: "confirmed", by: "ada", because: "it is well" })
      .write("u1", resolved("accept"));
    const { words } = await onlyOf(told);
    expect(words.map(({ word, by }) => `${by} ${word}`)).toEqual(["eve approved", "ada confirmed", "ada resolved"]);
  });
});

describe("why an update failed", () => {
  it("is the failure whose words its end repeats", async () => {
    const told = ledger().begin("u1").write("u1", failed("build", "no disk")).write("u1", failed("commit", "later")).write("u1", ended("refused", "no disk"));
    expect(judgeCause(await onlyOf(told))).toMatchObject({ step: "build", because: "no disk", code: "APPLY_FAILED" });
  });
  it("is a person's word where it was cancelled, whatever failed in passing before", async () => {
    const told = ledger()
      .begin("u1")
      .write("u1", stumbled("build"))
      .done("u1", ["switch"])
      .write("u1", cancelled)
      .write("u1", undoing("switch"))
      .write("u1", undone("switch"))
      .write("u1", ended("rolled-back", "ada cancelled it"));
    expect(judgeCause(await onlyOf(told))).toMatchObject({ step: "a person", code: "CANCELLED", because: "ada cancelled it" });
  });
  it("is the last failure that counted where the end says it in other words", async () => {
    const told = ledger().begin("u1").write("u1", failed("build", "no disk")).write("u1", stumbled("commit")).write("u1", ended("refused", "in short: no"));
    expect(judgeCause(await onlyOf(told))).toMatchObject({ step: "build" });
  });
  it("is a failure that would have passed where there is no other", async () => {
    const told = ledger().begin("u1").write("u1", stumbled("build")).write("u1", ended("refused", "'Build' was begun 12 times"));
    expect(judgeCause(await onlyOf(told))).toMatchObject({ step: "build" });
  });
  it("is not known where nothing says it", async () => {
    expect(judgeCause(await onlyOf(ledger().begin("u1").write("u1", ended("refused", "'Build' was begun 12 times"))))).toBeUndefined();
  });
  it("is not yet a failure that may pass", async () => {
    expect(judgeCause(await onlyOf(ledger().begin("u1").write("u1", stumbled("build"))))).toBeUndefined();
    expect(judgeCause(await onlyOf(ledger().begin("u1").write("u1", failed("build"))))).toMatchObject({ step: "build" });
  });
});

describe("the way back", () => {
  it("takes from the failure until what served before serves again, and says how many writes came since", async () => {
    const update = await onlyOf(ledger().begin("u1").goBack("u1"));
    expect(judgeWayBack(update)).toMatchObject({ tookMs: 2_000, writesSince: 27 });
    expect(update.quarantined).toHaveLength(1);
  });
  it("of a refusal is none: only what was built is tidied up", async () => {
    const update = await onlyOf(ledger().begin("u1").refuse("u1", "validate"));
    expect([judgeWayBack(update), hasBegunExchange(update), judgeStanding(update)]).toEqual([undefined, false, "failed"]);
  });
  it("of several steps that touch what serves ends with the last of them, not with the tidying", async () => {
    const told = ledger()
      .begin("u1", CONFIGURATION, { kind: "configuration", edits: { id: "e1", because: "colder", restart: true } })
      .done("u1", ["prepare-edits", "stop-agent", "apply-edits"])
      .write("u1", failed("start-agent", "it does not start"));
    for (const step of ["start-agent", "apply-edits", "stop-agent", "keep-before"]) told.write("u1", undoing(step)).write("u1", undone(step));
    const update = await onlyOf(told.write("u1", ended("rolled-back", "it does not start")));
    expect(judgeWayBack(update)?.tookMs).toBe(6_000);
  });
  it("that did not work is counted, and what a person resolves has failed", async () => {
    const told = ledger()
      .begin("u1")
      .done("u1", ["switch"])
      .write("u1", failed("watch"))
      .write("u1", undoing("switch"))
      .write("u1", undoFailed("switch"))
      .write("u1", stuck())
      .write("u1", resolved("accept"))
      .write("u1", ended("stuck-resolved", "ada chose to accept"));
    const update = await onlyOf(told);
    expect(update.undoFailures).toHaveLength(2);
    expect([judgeStanding(update), hasBegunExchange(update), judgeWayBack(update)]).toEqual(["failed", true, undefined]);
  });
});

describe("the sorts of updates are told apart:", () => {
  for (const [sort, steps, start] of [
    ["code", CODE, {}],
    ["configuration", CONFIGURATION, { kind: "configuration", edits: { id: "e1", because: "colder", restart: true } }],
    ["going-back", GOING_BACK, { trigger: "rollback" }],
    ["going-back", [...GOING_BACK, "tidy-edits"], { trigger: "rollback", edits: { id: "e1", because: "to the moment", restart: true } }],
    ["going-back", ["fetch", "build", "check-rebuilt", "switch"], { trigger: "rollback" }],
    ["restore", RESTORING, { trigger: "restore", overrides: { restore: { backup: "b1", components: ["data"], overwriteConfig: false } } }],
    ["watching-again", WATCHING_AGAIN, { trigger: "watch-again" }],
  ] as const) {
    it(`${sort}, by its start (${steps.join(", ")})`, async () => expect((await onlyOf(ledger().begin("u1", steps, start))).sort).toBe(sort));
    it(`${sort}, by what it did, where its start was not read (${steps.join(", ")})`, async () => {
      const told = ledger().begin("u1", steps, start).done("u1", steps);
      const { updates } = await foldUpdates(told.entries.slice(1), ALL);
      expect(updates.map((each) => [each.sort, each.started])).toEqual([[sort, null]]);
    });
  }
  it("edits whose reason sounds like a rollback are still edits, begun by what the entry's details say", async () => {
    const edits = { id: "e1", because: "update to 2 started (rollback)", restart: true };
    const update = await onlyOf(ledger().begin("u1", CONFIGURATION, { kind: "configuration", trigger: "by-hand", edits }));
    expect([update.sort, update.trigger]).toEqual(["configuration", "by-hand"]);
  });
  it("edits of an older Instar, whose details say no trigger, have none: their sentence is somebody's reason", async () => {
    const description = "edits of the configuration started: update to 2 started (rollback)";
    const details = { steps: ["apply-edits@1"], edits: { id: "e1", because: "update to 2 started (rollback)" } };
    const update = await onlyOf(ledger().say({ event: "UPDATE_STARTED", update: "u1", description, details }));
    expect([update.sort, update.trigger]).toEqual(["configuration", null]);
  });
  it("a version so long that its sentence was cut does not say what began it", async () => {
    const description = `update to 1 started (rollback) ${"x".repeat(900)}… (2000 characters, sha256:00)`;
    const update = await onlyOf(ledger().say({ event: "UPDATE_STARTED", update: "u1", description, details: { steps: ["fetch@1", "analyse@1"] } }));
    expect([update.sort, update.trigger]).toEqual(["code", null]);
  });
  it("a trigger that nobody here knows is told on one line", async () => {
    const told = ledger().say({ event: "UPDATE_STARTED", update: "u1", details: { steps: ["analyse@1"], trigger: "by\u202e\nmoon" } });
    expect((await onlyOf(told)).trigger).toMatch(/^by[^\n\u202e]+moon$/);
  });
  it("what its steps say comes before what it says of itself", async () => {
    const told = ledger().say({ event: "UPDATE_STARTED", update: "u1", details: { steps: ["analyse@1"], trigger: "rollback" } });
    expect((await onlyOf(told)).sort).toBe("code");
  });
  it("a version that calls itself a rollback is still code", async () => {
    const update = await onlyOf(ledger().begin("u1", CODE, { versionTo: "1.0 started (rollback)" }));
    expect([update.sort, update.trigger]).toEqual(["code", "found"]);
  });
});

describe("a security update", () => {
  it("is known by its analysis, or by what was decided upon", async () => {
    expect(
      isSecurity(
        await onlyOf(
          ledger()
            .begin("u1")
            .done("u1", ["analyse"], { analyse: { updateType: "security" } }),
        ),
      ),
    ).toBe(true);
    const decided = { decide: { decided: { facts: { updateType: "security" } } } };
    expect(isSecurity(await onlyOf(ledger().begin("u1").done("u1", ["decide"], decided)))).toBe(true);
    expect(isSecurity(await onlyOf(ledger().begin("u1").done("u1", ["analyse"])))).toBe(false);
  });
  it("is not known before its analysis; edits of the configuration are none", async () => {
    expect(isSecurity(await onlyOf(ledger().begin("u1")))).toBe(null);
    expect(isSecurity(await onlyOf(ledger().begin("u1", CONFIGURATION)))).toBe(false);
  });
  it("serves so long after its first detection, however often it is seen again", async () => {
    const told = ledger().detect("1.1.0").after(60_000).detect("1.1.0").begin("u1").commit("u1");
    const update = await onlyOf(told);
    expect(judgeDelay(update)).toBe((update.served?.atMs ?? 0) - Date.parse(told.entries[0]?.at ?? ""));
  });
  it("was not detected after it began: then the clock was put back, and no time is said", async () => {
    const update = await onlyOf(ledger().detect("1.1.0").after(-60_000).begin("u1").after(60_000).commit("u1"));
    expect([update.detected, judgeDelay(update)]).toEqual([null, null]);
  });
  it("that went back has no such time, and one that nobody detected neither", async () => {
    expect(judgeDelay(await onlyOf(ledger().detect("1.1.0").begin("u1").goBack("u1")))).toBe(null);
    expect(judgeDelay(await onlyOf(ledger().begin("u1").commit("u1")))).toBe(null);
  });
});

describe("the period", () => {
  const told = () => ledger().detect("1.1.0").begin("u1").after(3_600_000).commit("u1").after(3_600_000).begin("u2").done("u2", ["fetch"]);
  it("has an update that began before it, with its beginning and its detection", async () => {
    const { updates, detected } = await foldUpdates(told().entries, between("2026-03-01T00:30:00Z", "2026-03-01T01:30:00Z"));
    expect(updates).toMatchObject([{ id: "u1", outcome: "committed", started: { index: 1 }, detected: { index: 0 } }]);
    expect(detected).toEqual([]);
  });
  it("ends where it ends: what happened later is not known", async () => {
    const { updates, read } = await foldUpdates(told().entries, between("2026-03-01", "2026-03-01T00:30:00Z"));
    expect(updates).toMatchObject([{ id: "u1", outcome: null, ended: null }]);
    expect(read).toEqual({ entries: 2, first: 0, last: 1, unreadable: 0 });
  });
  it("has an update that is under way although nothing happened in it", async () => {
    const { updates, read } = await foldUpdates(told().entries, between("2026-03-02", "2026-03-03"));
    expect(updates.map(({ id }) => id)).toEqual(["u2"]);
    expect(read).toEqual({ entries: 0, first: null, last: null, unreadable: 0 });
  });
  it("forgets what ended before it, and what is said of that afterwards is no update", async () => {
    const spoken = told().say({ event: "INCIDENT_EXPLAINED", update: "u1" }).say({ event: "NOTIFICATION_FAILED", update: "u1" });
    const late = spoken.say({ event: "RELEASE_QUARANTINED", update: "u1" });
    const { updates } = await foldUpdates(late.entries, between("2026-03-01T01:30:00Z", "2026-03-03"));
    expect(updates.map(({ id }) => id)).toEqual(["u2"]);
  });
  it("begins with its first instant and does not have its last", async () => {
    const one = ledger().detect("1.1.0");
    const at = one.entries[0]?.at ?? "";
    expect((await foldUpdates(one.entries, between(at, "2027-01-01"))).detected).toEqual([0]);
    expect((await foldUpdates(one.entries, between("2026-01-01", at))).detected).toEqual([]);
  });
  it("has what was superseded or cancelled as neither well nor failed", async () => {
    const standings = await Promise.all(
      (["superseded", "cancelled"] as const).map(async (outcome) =>
        judgeStanding(await onlyOf(ledger().begin("u1").write("u1", superseded).write("u1", ended(outcome, "1.2.0 is new")))),
      ),
    );
    expect(standings).toEqual(["neither", "neither"]);
  });
});

describe("entries of an older or a newer Instar", () => {
  const strange = (change: (entry: LedgerEntry) => unknown) => ledger().begin("u1").commit("u1").entries.map(change) as LedgerEntry[];
  it("without any details tell an update as far as they can", async () => {
    const { updates, stageTimes } = await foldUpdates(
      strange(({ details: _, ...entry }) => entry),
      ALL,
    );
    expect(updates).toMatchObject([{ id: "u1", sort: "code", trigger: "found", outcome: "committed", versionTo: "1.1.0" }]);
    expect([...stageTimes.keys()]).toEqual(["analyse", "validate", "decide", "back-up"]);
  });
  it("with details of other shapes are no number and no text", async () => {
    const wrong = { step: ["switch"], tookMs: "fast", watchedRequests: -1, watchedFailed: Number.NaN, outcome: 7, updateType: { is: "security" } };
    const { updates } = await foldUpdates(
      strange((entry) => ({ ...entry, details: wrong })),
      ALL,
    );
    expect(updates).toMatchObject([{ outcome: "other", updateType: null, measured: { exchange: null, watched: null } }]);
  });
  it("with an outcome that nobody here knows have not gone well", async () => {
    const { updates } = await foldUpdates(
      strange((entry) => (entry.event === "UPDATE_COMPLETED" ? { ...entry, details: { outcome: "half-committed" } } : entry)),
      ALL,
    );
    expect(updates.map((each) => [each.outcome, judgeStanding(each)])).toEqual([["other", "failed"]]);
  });
  it("with events that nobody here knows are of their update, and no more", async () => {
    const told = ledger()
      .begin("u1")
      .say({ event: "UPDATE_PAINTED" as "UPDATE_STARTED", update: "u1" })
      .commit("u1");
    expect((await onlyOf(told)).entries).toContain(1);
  });
  it("less than no time is no measurement", async () => {
    expect(
      (
        await onlyOf(
          ledger()
            .begin("u1")
            .done("u1", ["switch"], { switch: { tookMs: -5 } }),
        )
      ).measured.exchange,
    ).toBe(null);
  });
  it("an update that ends twice ended the first time", async () => {
    const told = ledger().begin("u1").write("u1", ended("refused", "first")).write("u1", ended("committed", "second"));
    expect(await onlyOf(told)).toMatchObject({ outcome: "refused", because: "first", ended: { index: 1 } });
  });
  it("more failed requests than requests are no measurement", async () => {
    const { measured } = await onlyOf(
      ledger()
        .begin("u1")
        .done("u1", ["watch"], { watch: { watchedFailed: 301 } }),
    );
    expect(measured.watched).toBe(null);
  });
  it("a clock that was put back gives no duration", async () => {
    const update = await onlyOf(ledger().begin("u1").after(-60_000).done("u1", ["fetch", "switch"]));
    expect(update.stages.map(({ tookMs }) => tookMs)).toEqual([null, 1_000]);
  });
});

describe("bad input", () => {
  const good = () => ledger().begin("u1").commit("u1").entries;
  it("what is no entry is counted and left out", async () => {
    const bad = [null, 7, "line", [], {}, { index: -1, at: "2026-03-01", event: "X" }, { index: 1.5, at: "2026-03-01", event: "X" }, { index: 90, at: "soon" }];
    const { read, updates } = await foldUpdates([...bad, ...good()] as LedgerEntry[], ALL);
    expect([read.unreadable, updates.length, read.entries]).toEqual([bad.length, 1, good().length]);
  });
  it("entries that come twice or backward are refused", async () => {
    const twice = foldUpdates([...good(), ...good().slice(-1)], ALL);
    await expect(twice).rejects.toMatchObject({ code: "LEDGER_DAMAGED", message: "entry 13 comes after entry 13" });
    await expect(foldUpdates(good().toReversed(), ALL)).rejects.toMatchObject({ code: "LEDGER_DAMAGED" });
  });
  it("a commit or an update that is called __proto__ is one like others", async () => {
    const told = ledger().detect("1.1.0", "__proto__").begin("__proto__", CODE, { commit: "__proto__" }).commit("__proto__");
    expect((await onlyOf(told)).detected).toMatchObject({ index: 0 });
  });
});

describe("faults", () => {
  it("what reading fails with is what the fold fails with", async () => {
    const reason = new Error("the disk is gone");
    async function* read() {
      yield* ledger().begin("u1").entries;
      throw reason;
    }
    await expect(foldUpdates(read(), ALL)).rejects.toBe(reason);
  });
  it("a ledger that ends in the middle of an update has an update under way", async () => {
    const { updates } = await foldUpdates(ledger().begin("u1").commit("u1").entries.slice(0, 5), ALL);
    expect(updates.map(judgeStanding)).toEqual(["open"]);
  });
});

describe("memory", () => {
  it("keeps the texts of the newest entries only, and all updates of the period", async () => {
    const told = ledger();
    for (let update = 0; update < 900; update += 1) told.begin(`u${update}`).commit(`u${update}`);
    const { updates, rows } = await foldUpdates(told.entries, ALL);
    expect(updates).toHaveLength(900);
    expect(rows.size).toBe(10_000);
    expect([rows.has(0), rows.has(told.entries.length - 10_000), rows.has(told.entries.length - 10_001), rows.has(told.entries.length - 1)]).toEqual([
      false,
      true,
      false,
      true,
    ]);
  });
});
