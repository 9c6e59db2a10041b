import { describe, expect, it } from "vitest";
import { foldUpdateEvents, type UpdateEvent } from "./events.ts";

type Told = UpdateEvent extends infer Event ? (Event extends UpdateEvent ? Omit<Event, "update" | "index" | "at"> & { atMs?: number } : never) : never;

const BEGIN: Told = {
  kind: "update-started",
  updateKind: "code",
  steps: [
    { id: "build", title: "Build it" },
    { id: "switch", title: "Exchange it" },
    { id: "watch", title: "Watch it" },
  ],
  versionFrom: "1.0.0",
  versionTo: "1.1.0",
  releaseFrom: "release-1",
  commit: "c1",
};
/** One event a second, unless it says when. */
const tell = (...told: Told[]): UpdateEvent[] =>
  [BEGIN, ...told].map(
    ({ atMs, ...event }, index) =>
      ({ ...event, update: "u1", index, at: new Date(Date.UTC(2026, 0, 2) + (atMs ?? index * 1_000)).toISOString() }) as UpdateEvent,
  );
const started = (step: string, atMs?: number): Told => ({ kind: "step-started", step, attempt: 1, ...(atMs === undefined ? {} : { atMs }) });
const done = (step: string, atMs?: number): Told => ({ kind: "step-done", step, because: "", ...(atMs === undefined ? {} : { atMs }) });
const failed = (step: string, atMs?: number): Told => ({
  kind: "step-failed",
  step,
  code: "MISBEHAVED",
  because: "500 all over",
  ...(atMs === undefined ? {} : { atMs }),
});
const undoing = (step: string): Told => ({ kind: "step-undoing", step });
const undone = (step: string, atMs?: number): Told => ({ kind: "step-undone", step, ...(atMs === undefined ? {} : { atMs }) });
const ended = (outcome: "committed" | "rolled-back" | "refused"): Told => ({ kind: "update-ended", outcome, because: "so", terminal: true });

describe("the view of an update", () => {
  it("is none before the first event, and none of a stream that begins in the middle", () => {
    expect(foldUpdateEvents([])).toBeUndefined();
    expect(foldUpdateEvents(tell(started("build")).slice(1))).toBeUndefined();
  });

  it("begins with every step ahead", () =>
    expect(foldUpdateEvents(tell())).toMatchObject({
      id: "u1",
      state: "detecting",
      outcome: null,
      endedAt: null,
      releaseTo: null,
      steps: [{ state: "ahead" }, { state: "ahead" }, { state: "ahead" }],
    }));

  for (const [step, state] of [
    ["fetch", "detecting"],
    ["check-package", "analyzing"],
    ["analyse", "analyzing"],
    ["stage", "staging"],
    ["build", "staging"],
    ["validate", "validating"],
    ["decide", "approving"],
    ["approve", "approving"],
    ["back-up", "applying"],
    ["switch", "applying"],
    ["confirm", "verifying"],
    ["watch", "verifying"],
    ["commit", "committing"],
    ["a step of a later kind", "applying"],
  ] as const)
    it(`is ${state} in ${step}`, () => expect(foldUpdateEvents(tell(started(step)))?.state).toBe(state));

  for (const [name, told, state, steps] of [
    ["waits", [started("build"), { kind: "step-waiting", step: "build", because: "not yet" }], "staging", ["waiting", "ahead", "ahead"]],
    [
      "goes on after a wait",
      [started("build"), { kind: "step-waiting", step: "build", because: "not yet" }, started("build")],
      "staging",
      ["running", "ahead", "ahead"],
    ],
    ["goes forward", [started("build"), done("build"), started("switch")], "applying", ["done", "running", "ahead"]],
    [
      "goes back",
      [started("build"), done("build"), started("switch"), failed("switch"), undoing("switch"), undone("switch"), undoing("build")],
      "rolling_back",
      ["undoing", "failed", "ahead"],
    ],
    [
      "has gone back",
      [started("build"), done("build"), started("switch"), failed("switch"), undone("switch"), undone("build"), ended("rolled-back")],
      "idle",
      ["undone", "failed", "skipped"],
    ],
    [
      "is stuck",
      [
        started("switch"),
        failed("switch"),
        undoing("switch"),
        { kind: "step-undo-failed", step: "switch", code: "ROLLBACK_FAILED", because: "no" },
        { kind: "update-stuck", because: "look at me" },
      ],
      "error",
      ["ahead", "failed", "ahead"],
    ],
    [
      "was committed",
      [started("build"), done("build"), started("switch"), done("switch"), started("watch"), done("watch"), ended("committed")],
      "idle",
      ["done", "done", "done"],
    ],
    ["was refused", [started("build"), failed("build"), ended("refused")], "idle", ["failed", "skipped", "skipped"]],
    ["was cut short while it ran", [started("build"), done("build"), started("switch"), ended("committed")], "idle", ["done", "skipped", "skipped"]],
  ] as const satisfies readonly (readonly [string, readonly Told[], string, readonly string[]])[])
    it(`shows an update that ${name}`, () => {
      const view = foldUpdateEvents(tell(...told));
      expect(view?.state).toBe(state);
      expect(view?.steps.map((step) => step.state)).toEqual(steps);
    });

  it("says why, with the code of what failed, and keeps both at the end", () => {
    expect(foldUpdateEvents(tell(started("watch"), failed("watch")))).toMatchObject({ because: "500 all over", code: "MISBEHAVED" });
    expect(foldUpdateEvents(tell(started("watch"), failed("watch"), ended("rolled-back")))).toMatchObject({
      outcome: "rolled-back",
      because: "so",
      code: "MISBEHAVED",
      endedAt: "2026-01-02T00:00:03.000Z",
    });
  });

  it("says what a person or a newer version asked for", () =>
    expect(foldUpdateEvents(tell({ kind: "update-asked", because: "ada cancelled it" }))?.because).toBe("ada cancelled it"));

  it("names the release once it is known", () =>
    expect(foldUpdateEvents(tell({ kind: "step-done", step: "build", because: "", release: "release-2" }))?.releaseTo).toBe("release-2"));

  it("keeps when a step first began, over all its beginnings", () =>
    expect(
      foldUpdateEvents(tell(started("build"), { kind: "step-waiting", step: "build", because: "" }, started("build"), done("build")))?.steps[0],
    ).toMatchObject({
      startedAt: "2026-01-02T00:00:01.000Z",
      endedAt: "2026-01-02T00:00:04.000Z",
    }));

  it("does not fall over an event of a step that it does not know", () =>
    expect(foldUpdateEvents(tell(started("unheard-of"), done("unheard-of")))?.steps.map((step) => step.state)).toEqual(["ahead", "ahead", "ahead"]));

  it("leaves the events as they were", () => {
    const events = tell(started("build"), done("build"), ended("committed"));
    const before = structuredClone(events);
    foldUpdateEvents(events);
    expect(events).toEqual(before);
  });
});

describe("the two spans that operators ask about", () => {
  const spans = (...told: Told[]) => {
    const { exchangeMs, rollbackMs } = foldUpdateEvents(tell(...told)) ?? {};
    return { exchangeMs, rollbackMs };
  };
  it("are unknown while there was no exchange", () =>
    expect(spans(started("build"), failed("build"), ended("refused"))).toEqual({ exchangeMs: null, rollbackMs: null }));
  it("are unknown while the exchange is under way", () => expect(spans(started("switch"))).toEqual({ exchangeMs: null, rollbackMs: null }));
  it("count the exchange from its first beginning to its end", () =>
    expect(spans(started("switch", 5_000), started("switch", 6_000), done("switch", 7_500))).toEqual({ exchangeMs: 2_500, rollbackMs: null }));
  it("count going back from the decision until the old one serves", () =>
    expect(spans(started("switch", 1_000), done("switch", 2_000), failed("watch", 10_000), undoing("switch"), undone("switch", 10_900))).toEqual({
      exchangeMs: 1_000,
      rollbackMs: 900,
    }));
  it("do not count from a stumble before the exchange", () =>
    expect(
      spans(failed("build", 1_000), started("switch", 50_000), done("switch", 51_000), failed("watch", 60_000), undoing("switch"), undone("switch", 60_700)),
    ).toEqual({
      exchangeMs: 1_000,
      rollbackMs: 700,
    }));
  it("count from the undoing where a daemon died too often to say why", () =>
    expect(spans(started("switch", 1_000), { ...undoing("switch"), atMs: 9_000 }, undone("switch", 9_400))).toEqual({ exchangeMs: null, rollbackMs: 400 }));
  it("are never negative, whatever the wall clock did", () =>
    expect(spans(started("switch", 9_000), done("switch", 1_000))).toEqual({ exchangeMs: 0, rollbackMs: null }));
});
