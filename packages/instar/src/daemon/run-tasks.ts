import { InstarError } from "@instar/protocol";
import { transact } from "../database/open-database.ts";
import type { TaskOutcome } from "../schedule/decide-task-end.ts";
import { nextRuns } from "../schedule/parse-schedule.ts";
import { planDueRuns } from "../schedule/plan-due-runs.ts";
import { runTask, type TaskTools } from "../schedule/run-task.ts";
import type { Task, TaskRun } from "../schedule/task.ts";
import { type EndedRun, TaskStore } from "../schedule/task-store.ts";
import { newId } from "../update/new-id.ts";
import type { Instance } from "./instance.ts";
import { aboutOf, noteHappenings } from "./tell-people.ts";

/** What it takes to run tasks; less than an instance. */
export type TaskRoom = Pick<Instance, "name" | "settings" | "database" | "ledger"> & { readonly rooms: Pick<Instance["rooms"], "clock"> };

/** No longer, so that a task that was just added, or a clock that was set, is seen to. */
const LONGEST_NAP_MS = 1_000;
const SHORTEST_NAP_MS = 10;
/** After a disk that was full. */
const FULL_DISK_NAP_MS = 2_000;
const DAEMON = { type: "system", id: "daemon" } as const;

/** Runs that this process makes: what else the database calls running, a daemon left that is gone. */
const ownRuns = new WeakMap<Instance["database"], Set<string>>();

/**
 * Begins what is due, until `until`. A run is written down before it is made: a crash leaves one that is closed at the next start, and none is made twice.
 * @throws what no loop may survive: a newer daemon, damaged data
 */
export async function runTasks(room: TaskRoom, tools: TaskTools, say: (line: string) => void, until: AbortSignal): Promise<void> {
  const { clock } = room.rooms;
  const underWay = new Set<Promise<unknown>>();
  const times = new NextTimes();
  let isFirst = true;
  try {
    while (!until.aborted) {
      let napMs = LONGEST_NAP_MS;
      try {
        if (isFirst) closeUnfinished(room, say);
        isFirst = false;
        const tasks = storeOf(room).list();
        for (const { task, run } of beginDue(room, tasks, times, say)) {
          const made: Promise<unknown> = makeRun(room, task, run, tools, say, until)
            .catch((error: unknown) => say(`the end of ${task.name} could not be written down: ${wordsOf(error)}`))
            .finally(() => underWay.delete(made));
          underWay.add(made);
        }
        napMs = times.planNapMs(tasks, clock.wallMs());
      } catch (error) {
        until.throwIfAborted();
        if (InstarError.is(error, "FENCED") || InstarError.is(error, "DATA_DAMAGED")) throw error;
        say(`tasks were not seen to: ${wordsOf(error)}`);
        napMs = FULL_DISK_NAP_MS;
      }
      for (let leftMs = napMs; leftMs > 0; leftMs -= LONGEST_NAP_MS) await clock.sleep(Math.min(leftMs, LONGEST_NAP_MS), until);
    }
  } finally {
    await Promise.all(underWay);
  }
}

/** Makes one that is not due, for whoever asks, and waits for its end. @throws InstarError CONFLICT, RATE_LIMITED, DISK_FULL */
export async function runTaskNow(room: TaskRoom, tools: TaskTools, task: Task, by: string, until: AbortSignal): Promise<TaskRun> {
  const { perHour, keepRuns } = room.settings.tasks;
  const nowMs = room.rooms.clock.wallMs();
  const run = transact(room.database, () => own(room, storeOf(room).beginNow(task, `${by} asked for it`, { perHour, keepRuns, nowMs })));
  return (await makeRun(room, task, run, tools, () => undefined, until)) ?? run;
}

export const storeOf = ({ database }: Pick<TaskRoom, "database">) => new TaskStore({ database, newId });

function closeUnfinished(room: TaskRoom, say: (line: string) => void): void {
  const nowMs = room.rooms.clock.wallMs();
  const closed = transact(room.database, () => {
    const ended = storeOf(room).closeUnfinished(nowMs, ownRuns.get(room.database) ?? new Set());
    for (const each of ended) noteEnd(room, each);
    return ended;
  });
  for (const { run, task } of closed) say(`${task?.name ?? "a task that is gone"}: ${run.because}`);
}

function beginDue(room: TaskRoom, tasks: readonly Task[], times: NextTimes, say: (line: string) => void): { task: Task; run: TaskRun }[] {
  const nowMs = room.rooms.clock.wallMs();
  if (!times.hasDue(tasks, nowMs)) return [];
  const store = storeOf(room);
  const { perHour, keepRuns } = room.settings.tasks;
  const acts = planDueRuns({ tasks, running: store.running(), begunInAnHour: store.countBegunInAnHour(nowMs), perHour, nowMs });
  if (acts.length === 0) return [];
  const named = new Map(tasks.map((task) => [task.id, task]));
  // After this a crash leaves runs that are closed as failed, and before it nothing.
  const begun = transact(room.database, () => acts.map((act) => store.settle(act, nowMs, keepRuns)));
  for (const { act, task, because } of acts) if (act !== "begin") say(`${named.get(task)?.name}: ${because}`);
  return begun.flatMap((run) => {
    const task = run === undefined ? undefined : named.get(run.task);
    return run === undefined || task === undefined ? [] : [{ task, run: own(room, run) }];
  });
}

function own({ database }: TaskRoom, run: TaskRun): TaskRun {
  const runs = ownRuns.get(database) ?? new Set();
  ownRuns.set(database, runs.add(run.id));
  return run;
}

async function makeRun(
  room: TaskRoom,
  task: Task,
  run: TaskRun,
  tools: TaskTools,
  say: (line: string) => void,
  until: AbortSignal,
): Promise<TaskRun | undefined> {
  try {
    const outcome = await runTask(task, run, tools, until);
    if (outcome.kind !== "done") say(`${task.name}: ${outcome.because}`);
    const ended = await writeEnd(room, run, outcome, until);
    if (ended?.pausedBecause) say(`${task.name} is paused: ${ended.pausedBecause}`);
    return ended?.run;
  } finally {
    ownRuns.get(room.database)?.delete(run.id);
  }
}

/** A disk that is full is waited for: what is not written down runs for ever, as far as anybody can tell. When the daemon ends meanwhile, the next start closes it. */
async function writeEnd(room: TaskRoom, run: TaskRun, outcome: TaskOutcome, until: AbortSignal): Promise<EndedRun | undefined> {
  for (;;)
    try {
      return transact(room.database, () => {
        const ended = storeOf(room).end(run, outcome, room.rooms.clock.wallMs());
        if (ended !== undefined && outcome.kind === "failed") noteEnd(room, ended);
        return ended;
      });
    } catch (error) {
      if (!InstarError.is(error, "DISK_FULL") || until.aborted) throw error;
      await room.rooms.clock.sleep(FULL_DISK_NAP_MS, until);
    }
}

/** For the ledger, and for people where the task is paused by it. In the caller's transaction. */
function noteEnd(room: TaskRoom, { run, task, pausedBecause }: EndedRun): void {
  if (task === undefined) return;
  const details = { task: task.id, name: task.name, run: run.id };
  room.ledger.append({ event: "TASK_FAILED", actor: DAEMON, description: `task ${task.name} failed: ${run.because}`, success: false, details });
  if (pausedBecause === null) return;
  const summary = `task ${task.name} is paused: ${pausedBecause}`;
  room.ledger.append({ event: "TASK_PAUSED", actor: DAEMON, description: summary, success: true, details });
  noteHappenings(room, [
    {
      ...{ occasion: "task-paused", key: run.id, summary, update: null, versionFrom: null, versionTo: null },
      advice: `instar task show ${task.name}`,
      ...aboutOf(room),
    },
  ]);
}

/** When each task comes next, worked out once until it has come: a cron's next time takes a while to find. */
class NextTimes {
  #known = new Map<string, number>();

  /** Also where the clock has gone back behind what is settled. */
  hasDue(tasks: readonly Task[], nowMs: number): boolean {
    return this.#nextOf(tasks).some(({ settledMs, nextMs }) => nextMs <= nowMs || settledMs > nowMs);
  }

  planNapMs(tasks: readonly Task[], nowMs: number): number {
    const aheadMs = this.#nextOf(tasks).flatMap(({ nextMs }) => (nextMs > nowMs ? [nextMs - nowMs] : []));
    return Math.max(SHORTEST_NAP_MS, Math.min(LONGEST_NAP_MS, ...aheadMs));
  }

  #nextOf(tasks: readonly Task[]): { settledMs: number; nextMs: number }[] {
    const known = new Map<string, number>();
    const found = tasks.flatMap(({ id, state, schedule, settledMs }) => {
      if (state !== "active") return [];
      const key = `${id} ${settledMs}`;
      const nextMs = this.#known.get(key) ?? nextRuns(schedule, settledMs, 1)[0] ?? Number.POSITIVE_INFINITY;
      known.set(key, nextMs);
      return [{ settledMs, nextMs }];
    });
    this.#known = known;
    return found;
  }
}

const wordsOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
