import type { DatabaseSync } from "node:sqlite";
import { InstarError, type RunOutcome } from "@instar/protocol";
import { decideTaskEnd, type TaskOutcome } from "./decide-task-end.ts";
import type { DueAct } from "./plan-due-runs.ts";
import type { NewTask, Task, TaskRun } from "./task.ts";

const HOUR_MS = 3_600_000;
const ENDED_DURING = "the daemon ended during it";

/** A run's end, and what it made of its task. `task` is undefined where it was removed meanwhile. */
export interface EndedRun {
  readonly run: TaskRun;
  readonly task: Task | undefined;
  readonly pausedBecause: string | null;
}

/** The instance's tasks and their runs. What writes is in the caller's transaction, so that the ledger's entry comes with it. */
export class TaskStore {
  readonly #database: DatabaseSync;
  readonly #newId: () => string;

  constructor({ database, newId }: { database: DatabaseSync; newId: () => string }) {
    this.#database = database;
    this.#newId = newId;
  }

  /** Oldest first. */
  list(): Task[] {
    return (this.#database.prepare("SELECT * FROM scheduled_task ORDER BY rowid").all() as unknown as TaskRow[]).map(parseTaskRow);
  }

  /** By its name or id. @throws InstarError NOT_FOUND */
  find(named: string): Task {
    const row = this.#database.prepare("SELECT * FROM scheduled_task WHERE name = ? OR id = ? ORDER BY name <> ? LIMIT 1").get(named, named, named);
    if (row === undefined) throw new InstarError("NOT_FOUND", `there is no task ${named}`, { advice: "`instar task list` shows them all." });
    return parseTaskRow(row as unknown as TaskRow);
  }

  /** @param nowMs wall time: nothing that was due before is run. @throws InstarError CONFLICT where the name is taken */
  add(task: NewTask, nowMs: number): Task {
    if (this.list().some(({ name }) => name === task.name))
      throw new InstarError("CONFLICT", `there is a task ${task.name} already`, {
        facts: { name: task.name },
        advice: "Take another name, or remove that one.",
      });
    const { name, ...rest } = task;
    const body: TaskBody = { ...rest, pausedBecause: null };
    this.#database
      .prepare("INSERT INTO scheduled_task (id, name, body, state, created_at, created_by, settled_ms, failures) VALUES (?, ?, ?, 'active', ?, ?, ?, 0)")
      .run(this.#newId(), name, JSON.stringify(body), new Date(nowMs).toISOString(), `${task.createdBy.type}:${task.createdBy.id}`, Math.round(nowMs));
    return this.find(name);
  }

  pause(task: Task, because: string): Task {
    this.#write(task.id, { state: "paused", pausedBecause: because });
    return this.find(task.id);
  }

  /** What was due while it rested is settled, and failures are forgotten. */
  resume(task: Task, nowMs: number): Task {
    this.#write(task.id, { state: "active", pausedBecause: null });
    this.#database.prepare("UPDATE scheduled_task SET failures = 0 WHERE id = ?").run(task.id);
    this.#settle(task.id, nowMs);
    return this.find(task.id);
  }

  /** Its runs stay for an hour: what is added anew under any name counts with them. */
  remove({ id }: Task): void {
    this.#database.prepare("DELETE FROM scheduled_task WHERE id = ?").run(id);
  }

  /** Newest first. */
  runs(task: string, limit: number): TaskRun[] {
    const rows = this.#database.prepare("SELECT * FROM task_run WHERE task = ? ORDER BY rowid DESC LIMIT ?").all(task, limit);
    return (rows as unknown as RunRow[]).map(parseRunRow);
  }

  /** Runs of all tasks that began within the last hour. After a clock that went back those that seem to come are not among them. */
  countBegunInAnHour(nowMs: number): number {
    const row = this.#database.prepare("SELECT count(*) AS n FROM task_run WHERE outcome <> 'skipped' AND begun_ms > ? AND begun_ms <= ?");
    return (row.get(Math.round(nowMs - HOUR_MS), Math.round(nowMs)) as { n: number }).n;
  }

  /** Ids of the tasks that have a run under way. */
  running(): Set<string> {
    const rows = this.#database.prepare("SELECT task FROM task_run WHERE outcome = 'running'").all() as { task: string }[];
    return new Set(rows.map(({ task }) => task));
  }

  /** Carries out what was planned, as far as the database goes; gives the run that is to be made now. A crash after it leaves a run that `closeUnfinished` ends. */
  settle(act: DueAct, nowMs: number, keepRuns: number): TaskRun | undefined {
    if (act.act === "rebase") {
      this.#settle(act.task, act.settledMs);
      this.#insert({ task: act.task, dueMs: act.settledMs, because: act.because, outcome: "skipped" }, nowMs);
      return undefined;
    }
    this.#settle(act.task, act.dueMs);
    const run = this.#insert({ task: act.task, dueMs: act.dueMs, because: act.because, outcome: act.act === "begin" ? "running" : "skipped" }, nowMs);
    this.#prune(act.task, keepRuns, nowMs);
    return act.act === "begin" ? run : undefined;
  }

  /** Begins one that is not due. @throws InstarError CONFLICT where one is under way, RATE_LIMITED */
  beginNow(task: Task, because: string, { perHour, keepRuns, nowMs }: { perHour: number; keepRuns: number; nowMs: number }): TaskRun {
    if (this.running().has(task.id)) throw new InstarError("CONFLICT", `${task.name} runs at this moment`, { advice: "Wait for its end: `instar task show`." });
    if (this.countBegunInAnHour(nowMs) >= perHour)
      throw new InstarError("RATE_LIMITED", `tasks ran ${perHour} times within an hour, which is what tasks.perHour allows`, {
        facts: { perHour },
        advice: "Try again later.",
        transient: true,
      });
    const run = this.#insert({ task: task.id, dueMs: Math.round(nowMs), because, outcome: "running" }, nowMs);
    this.#prune(task.id, keepRuns, nowMs);
    return run;
  }

  /** Undefined where it had ended already: a newer daemon has closed it. */
  end(run: TaskRun, outcome: TaskOutcome, nowMs: number): EndedRun | undefined {
    const said: RunOutcome = outcome.kind === "done" ? "done" : "failed";
    const changed = this.#database
      .prepare("UPDATE task_run SET outcome = ?, because = ?, ended_ms = ? WHERE id = ? AND outcome = 'running'")
      .run(said, outcome.because, Math.round(nowMs), run.id);
    if (changed.changes === 0) return undefined;
    const ended = { ...run, outcome: said, because: outcome.because, endedMs: Math.round(nowMs) };
    const task = this.list().find(({ id }) => id === run.task);
    if (task === undefined) return { run: ended, task, pausedBecause: null };
    const { failures, pausedBecause } = decideTaskEnd(task, outcome);
    this.#database.prepare("UPDATE scheduled_task SET failures = ? WHERE id = ?").run(failures, task.id);
    return { run: ended, task: pausedBecause === null ? this.find(task.id) : this.pause(task, pausedBecause), pausedBecause };
  }

  /** Runs that a killed daemon left. Whether they killed it nobody knows, so each counts as a failure. @param own ids of those that this process makes */
  closeUnfinished(nowMs: number, own: ReadonlySet<string> = new Set()): EndedRun[] {
    const rows = this.#database.prepare("SELECT * FROM task_run WHERE outcome = 'running' ORDER BY rowid").all() as unknown as RunRow[];
    return rows.filter(({ id }) => !own.has(id)).flatMap((row) => this.end(parseRunRow(row), { kind: "failed", because: ENDED_DURING }, nowMs) ?? []);
  }

  #write(id: string, { state, pausedBecause }: Pick<Task, "state" | "pausedBecause">): void {
    this.#database.prepare("UPDATE scheduled_task SET state = ?, body = json_set(body, '$.pausedBecause', ?) WHERE id = ?").run(state, pausedBecause, id);
  }

  #settle(id: string, settledMs: number): void {
    this.#database.prepare("UPDATE scheduled_task SET settled_ms = ? WHERE id = ?").run(Math.round(settledMs), id);
  }

  #insert({ task, dueMs, because, outcome }: Pick<TaskRun, "task" | "dueMs" | "because" | "outcome">, nowMs: number): TaskRun {
    const begunMs = Math.round(nowMs);
    const run: TaskRun = { id: this.#newId(), task, dueMs: Math.round(dueMs), begunMs, endedMs: outcome === "running" ? null : begunMs, outcome, because };
    this.#database
      .prepare("INSERT INTO task_run (id, task, due_ms, begun_ms, ended_ms, outcome, because) VALUES (?, ?, ?, ?, ?, ?, ?)")
      .run(run.id, run.task, run.dueMs, run.begunMs, run.endedMs, run.outcome, run.because);
    return run;
  }

  /** Old runs of this task, and of tasks that are gone. What began within the hour stays, since it is counted. */
  #prune(task: string, keepRuns: number, nowMs: number): void {
    const hourAgoMs = Math.round(nowMs - HOUR_MS);
    this.#database
      .prepare(
        "DELETE FROM task_run WHERE task = ? AND outcome <> 'running' AND begun_ms <= ? AND rowid NOT IN (SELECT rowid FROM task_run WHERE task = ? ORDER BY rowid DESC LIMIT ?)",
      )
      .run(task, hourAgoMs, task, keepRuns);
    this.#database.prepare("DELETE FROM task_run WHERE outcome <> 'running' AND begun_ms <= ? AND task NOT IN (SELECT id FROM scheduled_task)").run(hourAgoMs);
  }
}

/** What has no column of its own. */
type TaskBody = Omit<NewTask, "name"> & Pick<Task, "pausedBecause">;

interface TaskRow {
  readonly id: string;
  readonly name: string;
  readonly body: string;
  readonly state: Task["state"];
  readonly created_at: string;
  readonly settled_ms: number;
  readonly failures: number;
}

interface RunRow {
  readonly id: string;
  readonly task: string;
  readonly due_ms: number;
  readonly begun_ms: number;
  readonly ended_ms: number | null;
  readonly outcome: RunOutcome;
  readonly because: string;
}

function parseTaskRow({ id, name, body, state, created_at, settled_ms, failures }: TaskRow): Task {
  return { ...(JSON.parse(body) as TaskBody), id, name, state, createdAt: created_at, settledMs: settled_ms, failures };
}

function parseRunRow({ id, task, due_ms, begun_ms, ended_ms, outcome, because }: RunRow): TaskRun {
  return { id, task, dueMs: due_ms, begunMs: begun_ms, endedMs: ended_ms, outcome, because };
}
