import type { RollbackPlan } from "@instar/protocol";
import { describe, expect, it } from "vitest";
import { foldAnswer, foldHeard } from "./fold-heard.ts";
import { type Key, type Pressed, pressKey } from "./press-key.ts";
import { FIRST_UPDATE, heard, NOW_MS, sampleApproval, sampleDecision, sampleReading, sampleSteps, sampleUpdate } from "./sample-reading.testing.ts";
import { firstState, type Reading, type WatchState } from "./watch-state.ts";

const NAMED: Readonly<Record<string, Key>> = {
  "⏎": { name: "enter" },
  "⎋": { name: "escape" },
  "⌫": { name: "backspace" },
  "↓": { name: "down" },
  "↑": { name: "up" },
};
const shown = (reading: Reading) => foldHeard(firstState(null, NOW_MS), heard(reading), NOW_MS);
/** Presses one key after another; the effects in order. */
function press(state: WatchState, keys: string): { state: WatchState; effects: NonNullable<Pressed["effect"]>[] } {
  const effects: NonNullable<Pressed["effect"]>[] = [];
  let now = state;
  for (const key of keys) {
    const pressed = pressKey(now, NAMED[key] ?? { name: "letter", text: key });
    now = pressed.state;
    if (pressed.effect !== undefined) effects.push(pressed.effect);
  }
  return { state: now, effects };
}

const waiting = (risk = "high"): Reading => {
  const steps = sampleSteps("approve", "waiting", "1 person must approve it").map((step) =>
    step.id === "decide" ? { ...step, evidence: { decision: sampleDecision(risk) } } : step,
  );
  return sampleReading(sampleUpdate({ state: "approving", steps }), { approvals: [sampleApproval()] });
};

describe("approving from the keyboard:", () => {
  it("asks first, and sends what was looked at by its digest", () => {
    const asked = press(shown(waiting()), "a");
    expect(asked.effects).toEqual([]);
    expect(asked.state.question).toMatchObject({ stage: "sure", command: { question: "Approve 1.0.1?", mustType: null } });
    const sent = press(asked.state, "y");
    expect(sent.effects).toMatchObject([
      { do: "send", command: { operation: "update.approve", input: { update: "my6va2jy", digest: "sha256:30f4" } }, why: "" },
    ]);
    expect(sent.state.question).toMatchObject({ stage: "sent" });
  });

  it.each(["n", "q", "⎋"])("sends nothing after %s", (key) => {
    const { state, effects } = press(shown(waiting()), `a${key}y`);
    expect(effects).toEqual([]);
    expect(state).toMatchObject({ question: null, said: { text: "nothing was sent" } });
  });

  it("takes no other key for a yes, and sends once", () => {
    expect(press(shown(waiting()), "aaxY1⏎").effects).toEqual([]);
    expect(press(shown(waiting()), "ayyy").effects).toHaveLength(1);
  });

  it("wants the version typed where the risk is critical, or not known", () => {
    const unknown = waiting();
    const blind = { ...unknown, update: sampleUpdate({ state: "approving", steps: sampleSteps("decide") }) };
    for (const reading of [waiting("critical"), blind]) {
      expect(press(shown({ ...reading, status: { ...reading.status, update: reading.update } }), "ay⏎1.0.0⏎").effects).toEqual([]);
      expect(press(shown({ ...reading, status: { ...reading.status, update: reading.update } }), "a1.0.1⏎").effects).toMatchObject([{ do: "send" }]);
    }
  });

  it("reads no command and no yes out of what is pasted", () => {
    const asked = press(shown(waiting()), "a").state;
    expect(pressKey(asked, { name: "paste", text: "y" })).toEqual({ state: asked });
    expect(pressKey(shown(waiting()), { name: "paste", text: "a" }).state.question).toBeNull();
  });

  it("says who waits where the one that is looked at does not", () => {
    const reading = waiting();
    const { state } = press(shown(reading), "↓a");
    expect(state.reading?.update).toEqual(FIRST_UPDATE);
    expect(state).toMatchObject({ question: null, said: { text: "1.0.0 waits for nobody's word; 1.0.1 does: choose it first" } });
  });
});

describe("rejecting:", () => {
  it("wants reasons, and shows them before they are sent", () => {
    expect(press(shown(waiting()), "r⏎").state.question).toMatchObject({ stage: "why", why: "" });
    const typed = press(shown(waiting()), "rnot y⌫now⏎");
    expect(typed.state.question).toMatchObject({ stage: "sure", why: "not now" });
    expect(press(typed.state, "y").effects).toMatchObject([
      { do: "send", command: { operation: "update.reject", input: { update: "my6va2jy" } }, why: "not now" },
    ]);
  });

  it("keeps what is typed on one line, without what would steer a terminal", () => {
    const { state } = press(shown(waiting()), "r");
    expect(pressKey(state, { name: "paste", text: "a\nb\u001b[2J\u202e" }).state.question).toMatchObject({ why: "a b\\u001b[2J\\u202e" });
  });
});

describe("cancelling", () => {
  it("before the exchange costs a y, after it the version that comes back", () => {
    expect(press(shown(sampleReading()), "cy").effects).toMatchObject([{ command: { operation: "update.cancel", input: { update: "my6va2jy" } } }]);
    const after = shown(sampleReading(sampleUpdate({ state: "verifying", steps: sampleSteps("watch") })));
    expect(press(after, "cy⏎").effects).toEqual([]);
    expect(press(after, "c1.0.0⏎").effects).toMatchObject([{ command: { operation: "update.cancel" } }]);
  });

  it("is not possible once it has ended", () => {
    expect(press(shown(sampleReading(FIRST_UPDATE)), "c").state.said?.text).toContain("has ended");
  });
});

describe("going back:", () => {
  const plan: RollbackPlan = {
    target: { release: "1.0.0-a", version: "1.0.0", commit: "a".repeat(40), because: "it ran before" },
    parts: [{ what: "code", strategy: "git reset", because: "it is on disk" }],
    takes: { ms: 700, because: "measured" },
    lost: { writes: 3, isKnown: false, because: "the state goes back", keptAside: true, files: { total: 1, first: ["notes.md"] }, edits: [] },
    checks: [],
    verdict: "pass",
    because: "",
  };

  it("is planned first, says what would be lost, and wants the version typed", () => {
    const asked = press(shown(sampleReading(FIRST_UPDATE)), "b");
    expect(asked.effects).toEqual([{ do: "plan-rollback" }]);
    const planned = foldAnswer(asked.state, { to: "plan-rollback", plan });
    expect(planned.question).toMatchObject({ stage: "sure", command: { mustType: "1.0.0", input: { to: "1.0.0-a" } } });
    expect(JSON.stringify(planned.question)).toContain("Lost: at least 3 acknowledged writes: the state goes back (kept aside)");
    expect(press(planned, "y⏎").effects).toEqual([]);
    expect(press(planned, "1.0.0⏎").effects).toMatchObject([{ do: "send", command: { operation: "rollback", input: { to: "1.0.0-a" } } }]);
  });

  it("is not asked where it would be refused, nor once nobody waits for it", () => {
    const asked = press(shown(sampleReading(FIRST_UPDATE)), "b").state;
    expect(foldAnswer(asked, { to: "plan-rollback", plan: { ...plan, verdict: "fail", because: "no disk" } })).toMatchObject({
      question: null,
      said: { tone: "bad", text: "going back would be refused: no disk" },
    });
    const left = press(asked, "⎋").state;
    expect(foldAnswer(left, { to: "plan-rollback", plan })).toBe(left);
  });
});

describe("marks are put on and taken off by the same key:", () => {
  const mark = { by: "ada", at: "", because: "a holiday" };
  it.each([
    ["p", {}, "update.pin", { version: "1.0.0" }],
    ["p", { pinned: { version: "1.0.0", ...mark } }, "update.unpin", {}],
    ["h", {}, "update.hold", {}],
    ["h", { held: { until: null, ...mark } }, "update.unhold", {}],
    ["s", {}, "update.skip", { version: "1.0.1" }],
    ["s", { skipped: [{ version: "1.0.1", ...mark }] }, "update.unskip", { version: "1.0.1" }],
  ] as const)("%s with %j", (key, marks, operation, input) => {
    const reading = sampleReading();
    const { status } = reading;
    const state = shown({ ...reading, status: { ...status, marks: { ...status.marks, ...marks, skipped: [...("skipped" in marks ? marks.skipped : [])] } } });
    expect(press(state, `${key}y`).effects).toMatchObject([{ do: "send", command: { operation, input } }]);
  });

  it("never what runs is skipped", () => expect(press(shown(sampleReading(FIRST_UPDATE)), "s").state).toMatchObject({ question: null }));
});

describe("looking around:", () => {
  it("chooses an update, and follows the newest from the top", () => {
    const down = press(shown(sampleReading()), "j").state;
    expect(down).toMatchObject({ chosen: "s48ckv3k", reading: { update: { id: "s48ckv3k" } } });
    expect(press(down, "jj↓").state.chosen).toBe("s48ckv3k");
    expect(press(down, "k").state).toMatchObject({ chosen: null, reading: { update: { id: "my6va2jy" } } });
  });

  it("opens details, scrolls in them, and closes them", () => {
    const opened = press(shown(sampleReading()), "⏎");
    expect(opened.effects).toEqual([{ do: "read-details", update: "my6va2jy" }]);
    const read = foldAnswer(opened.state, { to: "read-details", update: "my6va2jy", lines: ["a", "b", "c"] });
    expect(press(read, "jjjjk").state.pane).toMatchObject({ kind: "details", at: 1 });
    expect(press(read, "⎋").state.pane).toEqual({ kind: "live" });
  });

  it("drops details of an update that nobody looks at any more", () => {
    const closed = press(shown(sampleReading()), "⏎⎋").state;
    expect(foldAnswer(closed, { to: "read-details", update: "my6va2jy", lines: ["a"] })).toBe(closed);
  });

  it("scrolls the log back, and follows its end again", () => {
    const log = { update: "my6va2jy", from: 9, total: 3, lines: ["a", "b", "c"] };
    const state = foldHeard(firstState(null, NOW_MS), heard(sampleReading(), log), NOW_MS);
    expect(press(state, "lkkkkk").state.pane).toEqual({ kind: "log", back: 2 });
    expect(press(state, "lkkjj").state.pane).toEqual({ kind: "log", back: 0 });
  });

  it("q goes back first, and quits from there; an interrupt quits from anywhere", () => {
    expect(press(shown(sampleReading()), "?q").effects).toEqual([]);
    expect(press(shown(sampleReading()), "?qq").effects).toEqual([{ do: "quit" }]);
    const asked = press(shown(waiting()), "r").state;
    expect(pressKey(asked, { name: "interrupt" }).effect).toEqual({ do: "quit" });
  });
});

it("asks for nothing while no daemon answers", () => {
  const away = foldHeard(shown(waiting()), { kind: "silence", because: "the daemon is away" }, NOW_MS);
  for (const key of ["a", "r", "c", "b", "p", "h", "s", "⏎"]) {
    const { state, effects } = press(away, key);
    expect(effects).toEqual([]);
    expect(state).toMatchObject({ question: null, said: { tone: "bad" } });
  }
});
