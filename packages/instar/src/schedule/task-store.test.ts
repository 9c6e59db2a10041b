import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDatabase } from "../database/open-database.ts";
import { taskSettings } from "../settings/task-settings.ts";
import { assertHourFits, assertWithinLimits, countBusiestHour } from "./assert-within-limits.ts";
import type { Schedule } from "./parse-schedule.ts";
import type { NewTask, Task } from "./task.ts";
import { TaskStore } from "./task-store.ts";

const NOW = Date.UTC(2026, 0, 2);
const HOUR = 3_600_000;
let folder: string;
let database: DatabaseSync;
let store: TaskStore;
const open = (): TaskStore => {
  let ids = 0;
  database = openDatabase(join(folder, "instar.db"));
  return new TaskStore({ database, newId: () => `id-${process.hrtime.bigint()}-${ids++}` });
};
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "instar-tasks-"));
  store = open();
});
afterEach(() => {
  if (database.isOpen) database.close();
  rmSync(folder, { recursive: true, force: true });
});

const wanted = (name: string, schedule: Schedule = { everyMs: HOUR, fromMs: NOW }): NewTask => ({
  ...{
    name,
    schedule,
    busiestHour: countBusiestHour(schedule, 120, NOW),
    missed: "once",
    withinMs: 60_000,
    failuresAllowed: 5,
    createdBy: { type: "agent", id: "bot" },
  },
  input: { type: "message", path: "/x", text: name },
});
const begin = (task: Task, dueMs: number) => {
  const run = store.settle({ act: "begin", task: task.id, dueMs, because: "it was due" }, dueMs, 100);
  if (run === undefined) throw new Error("nothing began");
  return run;
};

describe("tasks are kept", () => {
  it("whole, over a restart", () => {
    const added = store.add(wanted("nightly", { cron: "@daily", timeZone: "Europe/Berlin" }), NOW);
    database.close();
    store = open();
    expect(store.list()).toEqual([added]);
    expect([store.find("nightly"), store.find(added.id)]).toEqual([added, added]);
    expect(added).toMatchObject({ state: "active", settledMs: NOW, failures: 0, createdBy: { type: "agent", id: "bot" } });
  });
  it("one of each name", () => {
    store.add(wanted("nightly"), NOW);
    expect(() => store.add(wanted("nightly"), NOW)).toThrow(expect.objectContaining({ code: "CONFLICT" }));
    expect(() => store.find("weekly")).toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
  });
  it("paused and resumed: what was due meanwhile is settled, failures are forgotten", () => {
    const task = store.add(wanted("nightly"), NOW);
    store.end(begin(task, NOW + HOUR), { kind: "failed", because: "no" }, NOW + HOUR);
    expect(store.pause(store.find("nightly"), "a holiday")).toMatchObject({ state: "paused", pausedBecause: "a holiday", failures: 1 });
    expect(store.resume(store.find("nightly"), NOW + 9 * HOUR)).toMatchObject({ state: "active", pausedBecause: null, failures: 0, settledMs: NOW + 9 * HOUR });
  });
});

describe("a run", () => {
  it("is begun once: settled with it, and one at a time", () => {
    const task = store.add(wanted("nightly"), NOW);
    const run = begin(task, NOW + HOUR);
    expect(store.find("nightly").settledMs).toBe(NOW + HOUR);
    expect(store.running()).toEqual(new Set([task.id]));
    expect(() => store.beginNow(task, "by hand", { perHour: 120, keepRuns: 100, nowMs: NOW })).toThrow(expect.objectContaining({ code: "CONFLICT" }));
    expect(store.end(run, { kind: "done", because: "well" }, NOW + HOUR + 5)).toMatchObject({ run: { outcome: "done", endedMs: NOW + HOUR + 5 } });
    expect(store.end(run, { kind: "failed", because: "late" }, NOW)).toBeUndefined();
    expect(store.runs(task.id, 9)).toMatchObject([{ outcome: "done", because: "well" }]);
  });
  it("that failed five times in a row pauses its task; one that went well between begins the count anew", () => {
    const task = store.add(wanted("nightly"), NOW);
    const outcomes = [..."ffffdfffff"].map((letter, index) => {
      const kind = letter === "f" ? "failed" : "done";
      return store.end(begin(task, NOW + index * HOUR), { kind, because: "no" }, NOW + index * HOUR)?.pausedBecause;
    });
    expect(outcomes).toEqual([...Array(9).fill(null), "it failed 5 times in a row, last because no"]);
    expect(store.find("nightly").state).toBe("paused");
  });
  it("that Instar's end interrupted is no failure of its task", () => {
    const task = store.add(wanted("nightly"), NOW);
    store.end(begin(task, NOW + HOUR), { kind: "interrupted", because: "the daemon ended during it" }, NOW);
    expect([store.find("nightly").failures, store.runs(task.id, 1)[0]?.outcome]).toEqual([0, "failed"]);
  });
  it("that a daemon killed in the middle of a run left is closed as failed, and nothing else is", () => {
    const task = store.add(wanted("nightly"), NOW);
    const other = store.add(wanted("other"), NOW);
    begin(task, NOW + HOUR);
    const own = begin(other, NOW + HOUR);
    database.close();
    store = open();
    const closed = store.closeUnfinished(NOW + 2 * HOUR, new Set([own.id]));
    expect(closed).toMatchObject([{ run: { task: task.id, outcome: "failed", because: "the daemon ended during it" }, pausedBecause: null }]);
    expect([store.find("nightly").failures, store.running()]).toEqual([1, new Set([other.id])]);
    expect(store.closeUnfinished(NOW, new Set([own.id]))).toEqual([]);
  });
  it("of a task that was removed meanwhile ends all the same, and counts within the hour", () => {
    const task = store.add(wanted("nightly"), NOW);
    const run = begin(task, NOW + HOUR);
    store.remove(task);
    expect(store.end(run, { kind: "done", because: "" }, NOW + HOUR)).toMatchObject({ task: undefined, pausedBecause: null });
    expect(store.countBegunInAnHour(NOW + HOUR)).toBe(1);
  });
  it("by hand is refused where tasks ran as often as they may within an hour, also by tasks that are gone", () => {
    for (let index = 0; index < 3; index += 1) {
      const task = store.add(wanted("loop"), NOW);
      store.end(store.beginNow(task, "by hand", { perHour: 3, keepRuns: 1, nowMs: NOW + index }), { kind: "done", because: "" }, NOW + index);
      store.remove(task);
    }
    const task = store.add(wanted("loop"), NOW);
    const late = (nowMs: number) => store.beginNow(task, "by hand", { perHour: 3, keepRuns: 1, nowMs });
    expect(() => late(NOW + 3)).toThrow(expect.objectContaining({ code: "RATE_LIMITED" }));
    expect(late(NOW + HOUR + 3)).toMatchObject({ outcome: "running" });
  });
  it("is forgotten once newer ones fill the number that is kept", () => {
    const task = store.add(wanted("nightly"), NOW);
    for (let hour = 1; hour <= 9; hour += 1) {
      const run = store.settle({ act: "begin", task: task.id, dueMs: NOW + hour * HOUR, because: "" }, NOW + hour * HOUR, 3);
      if (run !== undefined) store.end(run, { kind: "done", because: "" }, NOW + hour * HOUR);
    }
    expect(store.runs(task.id, 99).map(({ dueMs }) => (dueMs - NOW) / HOUR)).toEqual([9, 8, 7]);
  });
});

describe("limits", () => {
  const settings = taskSettings.parse({});
  const cron = (text: string): Schedule => ({ cron: text, timeZone: "UTC" });
  const tasksOf = (count: number, schedule: Schedule, state: Task["state"] = "active") =>
    Array.from({ length: count }, (_, index) => ({ ...wanted(`t${index}`, schedule), state }) as Task);

  it("an agent that adds its 51st task", () => {
    const others = tasksOf(50, cron("@daily"));
    expect(() => assertWithinLimits(wanted("more"), others, settings, NOW)).toThrow(
      expect.objectContaining({ code: "RATE_LIMITED", message: expect.stringContaining("50") }),
    );
    assertWithinLimits(wanted("more"), others.slice(1), settings, NOW);
  });
  it.each([
    ["every second", "* * * * * *"],
    ["every half minute", "*/30 * * * * *"],
    ["twice within a second of the year", "0,1 0 0 1 1 *"],
    ["at the end of a minute and the beginning of the next", "0,59 * * * * *"],
  ])("%s is too often", (_, text) => {
    expect(() => assertWithinLimits(wanted("more", cron(text)), [], settings, NOW)).toThrow(
      expect.objectContaining({ code: "INPUT_INVALID", message: expect.stringContaining("tasks.oftenest") }),
    );
  });
  it("a minute is often enough, and six hours where settings say so are not", () => {
    assertWithinLimits(wanted("more", cron("* * * * *")), [], settings, NOW);
    expect(() => assertWithinLimits(wanted("more"), [], taskSettings.parse({ oftenest: "6h" }), NOW)).toThrow(
      expect.objectContaining({ code: "INPUT_INVALID" }),
    );
  });
  it("all runs of an hour together", () => {
    const others = tasksOf(2, cron("* * * * *"));
    expect(() => assertWithinLimits(wanted("more"), others, settings, NOW)).toThrow(
      expect.objectContaining({ code: "RATE_LIMITED", message: expect.stringContaining("121 times") }),
    );
    assertWithinLimits(wanted("more"), tasksOf(2, cron("* * * * *"), "paused"), settings, NOW);
    expect(() => assertHourFits(wanted("more"), others, settings)).toThrow(expect.objectContaining({ code: "RATE_LIMITED" }));
  });
  it("of hours that differ the busiest counts", () => {
    const mornings = tasksOf(3, cron("* 9 * * *"));
    expect(() => assertWithinLimits(wanted("more", cron("@daily")), mornings, settings, NOW)).toThrow(expect.objectContaining({ code: "RATE_LIMITED" }));
  });
});
