import { describe, expect, it } from "vitest";
import type { Schedule } from "./parse-schedule.ts";
import { type DueAct, type DueFacts, planDueRuns } from "./plan-due-runs.ts";
import type { Task } from "./task.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOON = Date.UTC(2026, 4, 5, 12);
const cron = (text: string): Schedule => ({ cron: text, timeZone: "UTC" });

function task(parts: Partial<Task> = {}): Task {
  const createdBy = { type: "user", id: "ada" } as const;
  const rest = { busiestHour: 1, withinMs: MINUTE, failuresAllowed: 5, state: "active", pausedBecause: null, createdAt: "", failures: 0 } as const;
  return { id: "t", name: "t", input: { type: "health-check" }, schedule: cron("0 * * * *"), missed: "once", createdBy, settledMs: NOON, ...rest, ...parts };
}

const plan = (tasks: Task[], nowMs: number, facts: Partial<DueFacts> = {}) =>
  planDueRuns({ tasks, nowMs, running: new Set(), begunInAnHour: 0, perHour: 120, ...facts });

/** What the acts make of a task, until nothing more is to be done. */
function playOut(first: Task, nowMs: number): DueAct[] {
  const all: DueAct[] = [];
  let settledMs = first.settledMs;
  for (let turn = 0; turn < 100; turn += 1) {
    const acts = plan([{ ...first, settledMs }], nowMs);
    if (acts.length === 0) return all;
    all.push(...acts);
    for (const act of acts) settledMs = act.act === "rebase" ? act.settledMs : act.dueMs;
  }
  throw new Error("it never comes to an end");
}

describe("a task that is due", () => {
  it("begins, once", () => {
    expect(playOut(task(), NOON + HOUR + 300)).toEqual([{ act: "begin", task: "t", dueMs: NOON + HOUR, because: "it was due" }]);
  });
  it("does not begin a millisecond before", () => {
    expect(plan([task()], NOON + HOUR - 1)).toEqual([]);
  });
  it("does not begin while it is paused", () => {
    expect(plan([task({ state: "paused" })], NOON + HOUR)).toEqual([]);
  });
  it("is passed over, and said so, while its run before has not ended", () => {
    expect(plan([task()], NOON + HOUR, { running: new Set(["t"]) })).toEqual([
      { act: "skip", task: "t", dueMs: NOON + HOUR, because: "it did not take place: the run before had not ended" },
    ]);
  });
  it("waits for the run before where each is wanted", () => {
    expect(plan([task({ missed: "all" })], NOON + HOUR, { running: new Set(["t"]) })).toEqual([]);
  });
  it("is passed over, and said so, where tasks ran as often as they may within an hour", () => {
    const [act] = plan([task()], NOON + HOUR, { begunInAnHour: 120 });
    expect(act).toMatchObject({ act: "skip", because: expect.stringContaining("tasks.perHour") });
  });
  it("waits for its turn where eight run", () => {
    const running = new Set(Array.from({ length: 8 }, (_, index) => `other-${index}`));
    expect(plan([task()], NOON + HOUR, { running })).toEqual([]);
  });
  it("of a person comes before an agent's where there is room for one", () => {
    const agents = task({ id: "a", createdBy: { type: "agent", id: "bot" } });
    const acts = plan([agents, task({ id: "p" })], NOON + HOUR, { begunInAnHour: 119 });
    expect(acts.map(({ act, task: of }) => `${act} ${of}`)).toEqual(["begin p", "skip a"]);
  });
});

describe("a clock that jumps forward a day", () => {
  const acts = (missed: Task["missed"]) => playOut(task({ missed }), NOON + DAY + 10 * MINUTE);
  it("skip: none of the missed runs is made up for", () => {
    expect(acts("skip")).toEqual([
      { act: "skip", task: "t", dueMs: NOON + DAY, because: expect.stringMatching(/^24 runs up to this one .* does not make up for it$/) },
    ]);
  });
  it("skip: the one that is due just now is not missed", () => {
    expect(playOut(task({ missed: "skip" }), NOON + DAY + 1_000).map(({ act }) => act)).toEqual(["skip", "begin"]);
  });
  it("once: the newest makes up for all", () => {
    expect(acts("once")).toEqual([
      { act: "skip", task: "t", dueMs: NOON + 23 * HOUR, because: expect.stringContaining("one run makes up for all of them") },
      { act: "begin", task: "t", dueMs: NOON + DAY, because: expect.stringContaining("is made up for") },
    ]);
  });
  it("all: each, one after another, oldest first", () => {
    expect(acts("all").map((act) => [act.act, act.act === "rebase" ? 0 : (act.dueMs - NOON) / HOUR])).toEqual(
      Array.from({ length: 24 }, (_, index) => ["begin", index + 1]),
    );
  });
});

describe("10,000 missed runs", () => {
  const minutely = { schedule: cron("* * * * *") };
  const nowMs = NOON + 10_000 * MINUTE;
  it("are one with once, and the rest is said in one line", () => {
    const acts = playOut(task({ ...minutely, missed: "once" }), nowMs);
    expect(acts.map(({ act }) => act)).toEqual(["skip", "begin"]);
    expect(acts[0]?.because).toContain("at least 1000 runs");
  });
  it("are 24 with all, the newest", () => {
    const acts = playOut(task({ ...minutely, missed: "all" }), nowMs);
    expect(acts.filter(({ act }) => act === "begin")).toHaveLength(24);
    expect(acts.filter(({ act }) => act === "skip")).toHaveLength(1);
    expect(acts.at(-1)).toMatchObject({ act: "begin", dueMs: nowMs });
  });
  it("are none with skip", () => {
    expect(playOut(task({ ...minutely, missed: "skip" }), nowMs + 59_999).map(({ act }) => act)).toEqual(["skip", "begin"]);
    expect(playOut(task({ schedule: { everyMs: HOUR, fromMs: NOON }, missed: "skip" }), NOON + 10_000 * HOUR + 2 * MINUTE).map(({ act }) => act)).toEqual([
      "skip",
    ]);
  });
});

describe("a clock that jumps back an hour", () => {
  it("runs no settled time of an hourly task again, and the next one as always", () => {
    const ran = task({ settledMs: NOON });
    expect(plan([ran], NOON - HOUR + MINUTE)).toEqual([]);
    expect(plan([ran], NOON)).toEqual([]);
    expect(plan([ran], NOON + HOUR)).toMatchObject([{ act: "begin", dueMs: NOON + HOUR }]);
  });
  it("does not silence a task of every five minutes for that hour: it begins anew, and says so", () => {
    const ran = task({ schedule: cron("*/5 * * * *") });
    const acts = playOut(ran, NOON - HOUR);
    expect(acts).toEqual([{ act: "rebase", task: "t", settledMs: NOON - HOUR, because: expect.stringContaining("went back by about 3600 s") }]);
    expect(plan([{ ...ran, settledMs: NOON - HOUR }], NOON - HOUR + 5 * MINUTE)).toMatchObject([{ act: "begin" }]);
  });
  it("by two seconds right after a run does not run it again", () => {
    const ran = task({ schedule: cron("* * * * *") });
    for (const nowMs of [NOON - 2_000, NOON, NOON + MINUTE - 1]) expect(plan([ran], nowMs)).toEqual([]);
    expect(plan([ran], NOON + MINUTE)).toMatchObject([{ act: "begin", dueMs: NOON + MINUTE }]);
  });
  it("from years ahead, where a task was made while the clock was wrong", () => {
    expect(playOut(task({ schedule: { everyMs: HOUR, fromMs: NOON + 4_000 * DAY }, settledMs: NOON + 4_000 * DAY }), NOON).map(({ act }) => act)).toEqual([
      "rebase",
    ]);
  });
});
