import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SimulatedClock } from "@instar/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDatabase, transact } from "../database/open-database.ts";
import { Ledger } from "../ledger/ledger.ts";
import type { TaskTools } from "../schedule/run-task.ts";
import type { NewTask, TaskInput } from "../schedule/task.ts";
import { settingsSchema } from "../settings/settings.ts";
import { runTaskNow, runTasks, storeOf, type TaskRoom } from "./run-tasks.ts";

const NOW = Date.UTC(2026, 0, 2);
const MINUTE = 60_000;
let folder: string;
let clock: SimulatedClock;
let room: TaskRoom;
let said: string[];
let answered: number;
let calls: number;
const server = createServer((request, response) => {
  request.resume();
  request.on("end", () => {
    calls += 1;
    response.writeHead(answered).end();
  });
});
const loops: { stop: AbortController; done: Promise<unknown> }[] = [];

const open = (): TaskRoom => {
  const database = openDatabase(join(folder, "instar.db"));
  const ledger = new Ledger({ database, folder: join(folder, "ledger"), now: () => clock.wallMs(), key: null });
  const written = { version: 1, name: "demo", source: { git: "x" }, agent: { start: ["true"] }, tasks: { perHour: 500 } };
  return { name: "demo", settings: settingsSchema.parse(written), database, ledger, rooms: { clock } };
};
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "instar-run-tasks-"));
  mkdirSync(join(folder, "logs"));
  clock = new SimulatedClock({ wallMs: NOW });
  [said, answered, calls] = [[], 200, 0];
  room = open();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(async () => {
  for (const { stop } of loops) stop.abort(new Error("the test ends"));
  await Promise.all(loops.splice(0).map(({ done }) => done));
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  if (room.database.isOpen) room.database.close();
  rmSync(folder, { recursive: true, force: true });
});

const tools = (parts: Partial<TaskTools> = {}): TaskTools => ({
  ...{ clock, logsFolder: join(folder, "logs"), hosts: [] },
  lookForUpdates: async () => "nothing new",
  checkHealth: async () => ({ kind: "done", because: "well" }),
  readSecret: async () => undefined,
  findAgent: async () => null,
  openLogs: async () => new Set(),
  ...parts,
});
const add = (input: TaskInput = webhook(), parts: Partial<NewTask> = {}) => {
  const createdBy = { type: "agent", id: "bot" } as const;
  const schedule = { everyMs: MINUTE, fromMs: clock.wallMs() };
  return storeOf(room).add(
    { name: "t", input, schedule, busiestHour: 60, missed: "once", withinMs: 10_000, failuresAllowed: 5, createdBy, ...parts },
    clock.wallMs(),
  );
};
const webhook = (): TaskInput => ({ type: "webhook", url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, body: "{}", secretVariable: null });
const start = (parts: Partial<TaskTools> = {}) => {
  const stop = new AbortController();
  const done = runTasks(room, tools(parts), (line) => said.push(line), stop.signal).catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  const loop = { stop, done };
  loops.push(loop);
  return loop;
};
const outcomes = () =>
  storeOf(room)
    .runs(storeOf(room).find("t").id, 100)
    .map(({ outcome }) => outcome);
const isAsleep = () => expect.poll(() => clock.sleepers).toBeGreaterThan(0);
/** Time goes by in naps, as it does for the loop. */
const pass = async (ms: number) => {
  for (let left = ms; left > 0; left -= 1_000) {
    await isAsleep();
    clock.advance(Math.min(left, 1_000));
  }
  await isAsleep();
};
/** The database may not grow, and no page of the runs has room for one more. */
function fillDisk(): void {
  const { page_count: pages } = room.database.prepare("PRAGMA page_count").get() as { page_count: number };
  room.database.exec(`PRAGMA max_page_count = ${pages}`);
  const insert = room.database.prepare("INSERT INTO task_run VALUES (hex(randomblob(4)), hex(randomblob(4)), 1, 1, 1, 'done', 'filler')");
  for (let refused = 0; refused < 50; )
    try {
      insert.run();
      refused = 0;
    } catch {
      refused += 1;
    }
}
const events = () =>
  (room.database.prepare("SELECT line FROM ledger_outbox ORDER BY idx").all() as { line: string }[]).map(({ line }) => JSON.parse(line).event);

describe("tasks", () => {
  it("run when they are due, once each", async () => {
    add();
    start();
    await pass(59_000);
    expect(calls).toBe(0);
    await pass(1_000);
    await expect.poll(outcomes).toEqual(["done"]);
    await pass(MINUTE);
    await expect.poll(outcomes).toEqual(["done", "done"]);
    expect([calls, events()]).toEqual([2, []]);
  });
  it("a webhook that fails five times is paused, and people and the ledger hear of it", async () => {
    room = {
      ...room,
      settings: {
        ...room.settings,
        notify: { ways: [{ run: ["tell"], webhook: undefined, secretVariable: undefined, on: ["task-paused"], within: 1 }] } as never,
      },
    };
    answered = 500;
    add();
    start();
    for (let run = 1; run <= 5; run += 1) {
      await pass(MINUTE);
      await expect.poll(outcomes).toEqual(Array(run).fill("failed"));
    }
    await pass(5 * MINUTE);
    expect(calls).toBe(5);
    expect(storeOf(room).find("t")).toMatchObject({ state: "paused", pausedBecause: "it failed 5 times in a row, last because it was answered with 500" });
    expect(events()).toEqual([...Array(5).fill("TASK_FAILED"), "TASK_PAUSED"]);
    const told = room.database.prepare("SELECT body FROM notifications").all() as { body: string }[];
    expect(told.map(({ body }) => JSON.parse(body))).toMatchObject([{ occasion: "task-paused", advice: "instar task show t" }]);
  });
  it("a run that never ends is ended by its deadline; what is due meanwhile is passed over", async () => {
    add({ type: "health-check" }, { withinMs: 150_000 });
    start({ checkHealth: () => new Promise(() => undefined) });
    await pass(4 * MINUTE);
    await expect.poll(outcomes).toEqual(["running", "skipped", "skipped", "failed"]);
    expect(said.join()).toContain("the run before had not ended");
  });
  it("a daemon killed in the middle of a run: the next one closes it as failed, and does not make it again", async () => {
    const task = add();
    transact(room.database, () => storeOf(room).settle({ act: "begin", task: task.id, dueMs: NOW + MINUTE, because: "" }, NOW + MINUTE, 100));
    room.database.close();
    room = open();
    clock.advance(MINUTE + 1_000);
    start();
    await expect.poll(outcomes).toEqual(["failed"]);
    await pass(50_000);
    expect([calls, events(), said]).toEqual([0, ["TASK_FAILED"], ["t: the daemon ended during it"]]);
  });
  it("a clock that jumps forward a day makes one run of it, a clock that jumps back an hour none that was and no silence", async () => {
    add(webhook(), { schedule: { cron: "*/10 * * * *", timeZone: "UTC" } });
    start();
    await isAsleep();
    clock.jumpWall(24 * 60 * MINUTE);
    await pass(2_000);
    await expect.poll(outcomes).toEqual(["done", "skipped"]);
    clock.jumpWall(-60 * MINUTE);
    await pass(2_000);
    expect(outcomes()).toEqual(["skipped", "done", "skipped"]);
    await pass(10 * MINUTE);
    await expect.poll(outcomes).toEqual(["done", "skipped", "done", "skipped"]);
  });
  it("end quickly with the daemon, by no fault of theirs, and wait for no deadline", async () => {
    add({ type: "health-check" });
    const loop = start({ checkHealth: () => new Promise(() => undefined) });
    await pass(MINUTE);
    expect(outcomes()).toEqual(["running"]);
    loop.stop.abort(new Error("the test ends it"));
    await loop.done;
    expect([outcomes(), storeOf(room).find("t").failures, clock.sleepers]).toEqual([["failed"], 0, 0]);
  });
  it("survive a disk that is full at the beginning and at the end of a run, and go on when there is room", async () => {
    let ends: (() => void)[] = [];
    add({ type: "health-check" }, { withinMs: 600_000 });
    start({ checkHealth: () => new Promise((resolve) => ends.push(() => resolve({ kind: "done", because: "well".repeat(200) }))) });
    await pass(MINUTE);
    expect(outcomes()).toEqual(["running"]);
    fillDisk();
    ends[0]?.();
    ends = [];
    await pass(2 * MINUTE);
    expect(said.join()).toContain("the disk is too full");
    expect(outcomes()).toEqual(["running"]);
    room.database.exec("PRAGMA max_page_count = 1000000; DELETE FROM task_run WHERE because = 'filler'");
    await pass(10_000);
    // Of two that were due meanwhile one makes up for both.
    expect(outcomes()).toEqual(["running", "skipped", "done"]);
    ends[0]?.();
    await expect.poll(outcomes).toEqual(["done", "skipped", "done"]);
  });
  it("run by hand: at once, alone, and counted", async () => {
    const task = add();
    const signal = new AbortController().signal;
    expect(await runTaskNow(room, tools(), task, "ada", signal)).toMatchObject({ outcome: "done", because: "it was answered with 200" });
    let end: (() => void) | undefined;
    const slow = tools({ checkHealth: () => new Promise((resolve) => (end = () => resolve({ kind: "done", because: "well" }))) });
    const other = add({ type: "health-check" }, { name: "u" });
    const first = runTaskNow(room, slow, other, "ada", signal);
    await expect(runTaskNow(room, slow, other, "ada", signal)).rejects.toMatchObject({ code: "CONFLICT" });
    // A loop that begins meanwhile does not take it for what a killed daemon left.
    start();
    await expect.poll(() => clock.sleepers).toBe(2);
    end?.();
    expect(await first).toMatchObject({ outcome: "done", because: "well" });
  });
});
