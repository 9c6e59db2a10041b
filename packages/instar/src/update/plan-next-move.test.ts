import { describe, expect, it } from "vitest";
import { foldGives, foldNoted, planNextMove } from "./plan-next-move.ts";
import {
  applied,
  applying,
  at,
  cancelled,
  done,
  ended,
  failed,
  inEpoch,
  resolved,
  STEPS,
  stuck,
  stumbled,
  superseded,
  type Told,
  takenBack,
  tellJournal,
  undoFailed,
  undoing,
  undone,
  waiting,
} from "./tell-journal.testing.ts";

/** A move in a few words: what a row of a table can hold. */
function say(told: readonly Told[], nowTickMs = 0, steps = STEPS): string {
  const move = planNextMove(tellJournal(told, steps), nowTickMs);
  switch (move.move) {
    case "apply":
    case "undo":
      return `${move.move} ${move.step.id} #${move.attempt}`;
    case "wait":
      return `wait for ${move.waitsFor} in ${move.step} until ${move.untilTickMs}`;
    case "retry":
      return `retry ${move.step} at ${move.atTickMs}`;
    case "end":
      return `end ${move.outcome}: ${move.because}`;
    default:
      return `${move.move}: ${move.because}`;
  }
}

const rows = (table: readonly (readonly [name: string, told: readonly Told[], move: string])[]) => {
  for (const [name, told, move] of table) it(name, () => expect(say(told)).toBe(move));
};

describe("going forward", () => {
  rows([
    ["begins with the first step", [], "apply fetch #1"],
    ["goes on with the first step that is not applied", done("fetch"), "apply stage #1"],
    ["begins a step again that was begun and never answered", [...done("fetch"), applying("stage")], "apply stage #2"],
    ["begins what a daemon died in twice a third time", [...done("fetch"), applying("stage"), applying("stage")], "apply stage #3"],
    ["does not begin the next step while one is open", [...done("fetch", "stage"), applying("switch")], "apply switch #2"],
    ["commits after the last step", done("fetch", "stage", "switch", "confirm", "watch", "commit"), "end committed: every step is done"],
  ]);

  it("does nothing for a journal that has not begun", () => expect(planNextMove([], 0)).toEqual({ move: "nothing", because: "the update has not started" }));
});

describe("waiting", () => {
  const told = [...done("fetch"), applying("stage"), waiting("stage", 5_000)];
  it("says what for, until when and why", () =>
    expect(planNextMove(tellJournal(told), 4_999)).toEqual({ move: "wait", step: "stage", waitsFor: "observation", untilTickMs: 5_000, because: "not yet" }));
  it("ends in a look, never in a pass", () => expect(say(told, 5_000)).toBe("apply stage #2"));
  it("ends in a look however long nobody looked", () => expect(say(told, 1e12)).toBe("apply stage #2"));
  it("is over when a daemon began to look and died", () => expect(say([...told, applying("stage")], 0)).toBe("apply stage #3"));
  it("gives way to a cancellation", () => expect(say([...told, cancelled])).toBe("undo stage #1"));
});

describe("trying again", () => {
  const failing = (times: number): Told[] => [
    ...done("fetch"),
    ...Array.from({ length: times }, () => [applying("stage"), at(10_000, stumbled("stage"))]).flat(),
  ];
  for (const [times, pauseMs] of [
    [1, 1_000],
    [2, 5_000],
    [3, 30_000],
    [4, 120_000],
  ] as const) {
    it(`pauses ${pauseMs} ms of the instance's time after failure ${times}`, () =>
      expect(say(failing(times), 10_000 + pauseMs - 1)).toBe(`retry stage at ${10_000 + pauseMs}`));
    it(`tries again after the pause of failure ${times}`, () => expect(say(failing(times), 10_000 + pauseMs)).toBe(`apply stage #${times + 1}`));
  }
  it("stops at the fifth failure", () => expect(say(failing(5))).toBe("undo stage #5"));
  it("refuses in the end with the words of the failure that counted", () =>
    expect(say([...failing(4), applying("stage"), stumbled("stage", "the last straw"), ...takenBack("stage")])).toBe("end refused: the last straw"));
  it("counts each step's failures for itself", () =>
    expect(say([applying("fetch"), stumbled("fetch"), ...done("fetch"), applying("stage"), at(0, stumbled("stage"))])).toBe("retry stage at 1000"));
  it("goes by the instance's time: the wall clock in the entries says nothing", () => {
    const journal = tellJournal(failing(2));
    const elsewhere = journal.map((entry) => ({ ...entry, at: "1970-01-01T00:00:00.000Z" }));
    expect(planNextMove(elsewhere, 12_000)).toEqual(planNextMove(journal, 12_000));
  });
  it("never tries a failure again that will not pass by itself", () =>
    expect(say([...done("fetch"), applying("stage"), failed("stage")])).toBe("undo stage #1"));
  for (const step of ["switch", "confirm", "watch", "commit"])
    it(`never tries again once the exchange has begun: a stumble in ${step} counts`, () => {
      const before = STEPS.slice(
        0,
        STEPS.findIndex((candidate) => candidate.id === step),
      ).map((candidate) => candidate.id);
      expect(say([...done(...before), applying(step), stumbled(step)], 1e9)).toMatch(/^undo (switch|commit) /);
    });
});

describe("unwinding", () => {
  const all = done("fetch", "stage", "switch", "confirm", "watch");
  rows([
    ["undoes the newest first, what failed included", [...all, applying("commit"), failed("commit")], "undo commit #1"],
    ["then the one before, passing over what needs no undoing", [...all, applying("commit"), failed("commit"), ...takenBack("commit")], "undo switch #1"],
    ["then the one before that", [...all, applying("commit"), failed("commit"), ...takenBack("commit", "switch")], "undo stage #1"],
    ["and ends when nothing is left", [...all, applying("commit"), failed("commit"), ...takenBack("commit", "switch", "stage")], "end rolled-back: it broke"],
    ["undoes a step that was only begun", [...done("fetch", "stage"), applying("switch"), cancelled], "undo switch #1"],
    ["leaves alone what was never begun", [...done("fetch"), cancelled], "end cancelled: ada cancelled it"],
    ["goes on with an undo that a daemon died in", [...done("fetch", "stage"), cancelled, undoing("stage")], "undo stage #1"],
    ["refuses what failed before the exchange", [...done("fetch"), applying("stage"), failed("stage"), ...takenBack("stage")], "end refused: it broke"],
    [
      "rolls back what failed in the exchange",
      [...done("fetch", "stage"), applying("switch"), failed("switch"), ...takenBack("switch", "stage")],
      "end rolled-back: it broke",
    ],
    ["cancels before the exchange", [...done("fetch", "stage"), cancelled, ...takenBack("stage")], "end cancelled: ada cancelled it"],
    [
      "rolls back when cancelled after the exchange began",
      [...done("fetch", "stage"), applying("switch"), cancelled, ...takenBack("switch", "stage")],
      "end rolled-back: ada cancelled it",
    ],
    ["rolls back when cancelled while it is watched", [...all.slice(0, -2), cancelled, ...takenBack("switch", "stage")], "end rolled-back: ada cancelled it"],
    [
      "keeps the first reason: a cancellation after a failure changes nothing",
      [...done("fetch"), applying("stage"), failed("stage"), cancelled, ...takenBack("stage")],
      "end refused: it broke",
    ],
    [
      "keeps the first reason: a failure after a cancellation changes nothing",
      [...done("fetch"), applying("stage"), cancelled, failed("stage"), ...takenBack("stage")],
      "end cancelled: ada cancelled it",
    ],
    ["undoes a step that was applied in spite of a cancellation", [...done("fetch"), applying("stage"), cancelled, applied("stage")], "undo stage #1"],
  ]);

  it("says at once where there is no way back", () => {
    const oneWay = STEPS.map((step) => (step.id === "switch" ? { ...step, undoImpossible: "the letter is posted" } : step));
    expect(say([...done("fetch", "stage", "switch"), cancelled], 0, oneWay)).toBe("declare-stuck: 'Exchange it' cannot be undone: the letter is posted");
    expect(say([...done("fetch", "stage"), cancelled], 0, oneWay)).toBe("undo stage #1");
  });
});

describe("an undo that fails", () => {
  const failing = (times: number): Told[] => [
    ...done("fetch"),
    applying("stage"),
    failed("stage"),
    ...Array.from({ length: times }, () => [undoing("stage"), at(10_000, undoFailed("stage"))]).flat(),
  ];
  it("is tried again after half a second", () => {
    expect(say(failing(1), 10_499)).toBe("retry stage at 10500");
    expect(say(failing(1), 10_500)).toBe("undo stage #1");
  });
  it("is tried once more after three", () => {
    expect(say(failing(2), 12_999)).toBe("retry stage at 13000");
    expect(say(failing(2), 13_000)).toBe("undo stage #1");
  });
  it("is a person's after the third time", () => expect(say(failing(3))).toBe("declare-stuck: 'Stage it' could not be undone: it would not go"));
  it("is a person's at once where the step says so", () =>
    expect(say([...done("fetch"), applying("stage"), failed("stage"), undoing("stage"), undoFailed("stage", "ROLLBACK_FAILED")])).toBe(
      "declare-stuck: 'Stage it' could not be undone: it would not go",
    ));
});

describe("a stuck update", () => {
  const told: Told[] = [
    ...done("fetch", "stage"),
    applying("switch"),
    failed("switch"),
    undoing("switch"),
    undoFailed("switch", "ROLLBACK_FAILED"),
    stuck("look at me"),
  ];
  rows([
    ["waits for a person", told, "ask-operator: look at me"],
    ["is not moved by a cancellation", [...told, cancelled], "ask-operator: look at me"],
    ["is not moved by a newer version", [...told, superseded], "ask-operator: look at me"],
    ["tries its undo again when told to", [...told, resolved("retry")], "undo switch #1"],
    ["begins to count anew when told to try again", [...told, resolved("retry"), undoing("switch"), at(0, undoFailed("switch"))], "retry switch at 500"],
    ["may be stuck again", [...told, resolved("retry"), undoing("switch"), undoFailed("switch"), stuck("again")], "ask-operator: again"],
    ["goes on to the older steps once the undo worked", [...told, resolved("retry"), ...takenBack("switch")], "undo stage #1"],
    ["ends as it is when accepted", [...told, resolved("accept")], "end stuck-resolved: ada chose to accept"],
    ["ends as it is when abandoned", [...told, resolved("abandon")], "end stuck-resolved: ada chose to abandon"],
  ]);
  it("does not wait for time", () => expect(say(told, 1e12)).toBe("ask-operator: look at me"));
});

describe("a newer version", () => {
  rows([
    ["takes back one that is still being made, newest step first", [...done("fetch", "stage"), superseded], "undo stage #1"],
    ["takes back a step that it met under way", [...done("fetch"), applying("stage"), superseded], "undo stage #1"],
    ["ends that one as cancelled", [...done("fetch", "stage"), superseded, ...takenBack("stage")], "end cancelled: 1.2.0 is new"],
    [
      "is not the reason where it failed before",
      [...done("fetch"), applying("stage"), failed("stage"), superseded, ...takenBack("stage")],
      "end refused: it broke",
    ],
    ["comes too late where the exchange has begun", [...done("fetch", "stage"), applying("switch"), superseded], "apply switch #2"],
    ["waits while the running one is not confirmed", [...done("fetch", "stage", "switch"), superseded], "apply confirm #1"],
    ["takes over once the lease has ended", [...done("fetch", "stage", "switch"), superseded, ...done("confirm")], "end superseded: 1.2.0 is new"],
    [
      "takes over from one that is being watched",
      [...done("fetch", "stage", "switch", "confirm"), applying("watch"), waiting("watch", 9_999), superseded],
      "end superseded: 1.2.0 is new",
    ],
    ["does not take over from a rollback", [...done("fetch", "stage", "switch", "confirm"), applying("watch"), failed("watch"), superseded], "undo switch #1"],
    [
      "comes too late for one that has every step",
      [...done("fetch", "stage", "switch", "confirm", "watch", "commit"), superseded],
      "end committed: every step is done",
    ],
  ]);

  const steps = STEPS.flatMap((step) => (step.id === "switch" ? [{ id: "approve", version: 1, title: "Wait", undoNeedless: "it only waits" }, step] : [step]));
  const asked = [...done("fetch", "stage"), applying("approve"), waiting("approve", 9_999)];
  for (const [name, told, move] of [
    ["takes the place of one that waits for people: what was staged is taken back", [...asked, superseded], "undo stage #1"],
    ["ends that one as cancelled, whoever answers now", [...asked, superseded, applied("approve"), ...takenBack("stage")], "end cancelled: 1.2.0 is new"],
    ["does not stop one that people have let on", [...asked, applied("approve"), applying("switch"), superseded], "apply switch #2"],
  ] as const)
    it(name, () => expect(say(told, 0, steps)).toBe(move));
});

describe("a step that takes the daemon down", () => {
  const begun = (times: number): Told[] => [...done("fetch"), ...Array.from({ length: times }, () => applying("stage"))];
  const words = "'Stage it' was begun 12 times and never ended: it takes the daemon down";
  rows([
    ["gets its twelfth chance", begun(11), "apply stage #12"],
    ["counts as failed after twelve", begun(12), "undo stage #12"],
    ["stays failed while its undo is under way", [...begun(12), undoing("stage")], "undo stage #12"],
    ["stays failed once it is undone", [...begun(12), ...takenBack("stage")], `end refused: ${words}`],
    ["stays the reason when it is cancelled afterwards", [...begun(12), undoing("stage"), cancelled, undone("stage")], `end refused: ${words}`],
    ["is forgiven when the twelfth beginning ends well", [...begun(12), applied("stage")], "apply switch #1"],
    ["begins to count anew after an answer", [...begun(11), waiting("stage", 0), applying("stage")], "apply stage #13"],
    ["is rolled back in the exchange", [...done("fetch", "stage"), ...Array.from({ length: 12 }, () => applying("switch"))], "undo switch #12"],
  ]);
});

describe("a journal that cannot be", () => {
  const sound = tellJournal(done("fetch", "stage"));
  it("with a gap moves nothing", () =>
    expect(
      planNextMove(
        sound.filter((entry) => entry.seq !== 2),
        0,
      ),
    ).toEqual({ move: "ask-operator", because: "journal entry 2 is missing" }));
  it("without its beginning moves nothing", () =>
    expect(planNextMove(sound.slice(1), 0)).toEqual({ move: "ask-operator", because: "the journal does not begin with 'started'" }));
  rows([
    [
      "written by a daemon that had been replaced moves nothing",
      [inEpoch(2, applying("fetch")), inEpoch(1, applied("fetch"))],
      "ask-operator: journal entry 2 was written by a daemon that had been replaced",
    ],
    ["that goes on after its end moves nothing", [cancelled, ended("cancelled"), applying("fetch")], "ask-operator: journal entry 3 comes after the end"],
    ["that ended is left alone", [cancelled, ended("cancelled")], "nothing: it ended: cancelled"],
    ["of ever newer daemons is sound", [inEpoch(1, applying("fetch")), inEpoch(4, applying("fetch"))], "apply fetch #3"],
  ]);
});

describe("what steps hand on", () => {
  it("is what the applied ones gave, later over earlier", () =>
    expect(foldGives(tellJournal([applied("fetch", { a: 1, b: 1 }), failed("stage"), applied("stage", { b: 2 })]))).toEqual({ a: 1, b: 2 }));
  it("is what a waiting one noted last", () => {
    const journal = tellJournal([waiting("watch", 0, { looks: 1 }), waiting("watch", 0, { looks: 2 }), waiting("stage", 0, { looks: 9 })]);
    expect(foldNoted(journal, "watch")).toEqual({ looks: 2 });
    expect(foldNoted(journal, "switch")).toEqual({});
  });
});
