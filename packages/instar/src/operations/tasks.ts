import { type Implementations, InstarError, type TaskRunView, type TaskView } from "@instar/protocol";
import { runTaskNow, storeOf } from "../daemon/run-tasks.ts";
import { planTaskTools } from "../daemon/task-tools.ts";
import { transact } from "../database/open-database.ts";
import type { LedgerEvent } from "../ledger/ledger-entry.ts";
import { assertHourFits, assertWithinLimits } from "../schedule/assert-within-limits.ts";
import { describeSchedule, describeTaskInput } from "../schedule/describe-task.ts";
import { nextRuns } from "../schedule/parse-schedule.ts";
import { parseTask } from "../schedule/parse-task.ts";
import type { Task, TaskRun } from "../schedule/task.ts";
import type { OperationContext } from "./context.ts";
import { sourceIdOf } from "./read-target.ts";
import { daemonOf } from "./updates.ts";

type Served = "task.add" | "task.list" | "task.show" | "task.pause" | "task.resume" | "task.remove" | "task.run";

/** What is done at times by itself. Everybody may look; an agent touches its own tasks, and a person all of them. */
export function implementTasks(context: OperationContext): Pick<Implementations, Served> {
  const { instance, actor } = context;
  const store = storeOf(instance);
  const nowMs = () => instance.rooms.clock.wallMs();
  const note = (event: LedgerEvent, did: string, task: Task) => noteTask(context, event, did, task);
  const view = (task: Task) => describeTask(task, nowMs());
  /** In one transaction: who may touch it, the change, and its entry in the ledger. */
  const change = (named: string, act: (task: Task) => Task): TaskView => {
    daemonOf(context);
    return view(transact(instance.database, () => act(findOwn(context, named))));
  };
  return {
    "task.add": async (input) => {
      daemonOf(context);
      const { tasks: limits } = instance.settings;
      const task = parseTask(input, actor, limits, nowMs());
      if (task.input.type === "check-for-updates" && task.input.source !== null) sourceIdOf(instance, task.input.source);
      return view(
        transact(instance.database, () => {
          assertWithinLimits(task, store.list(), limits, nowMs());
          return note("TASK_ADDED", "added", store.add(task, nowMs()));
        }),
      );
    },
    "task.list": async () => ({ tasks: store.list().map(view) }),
    "task.show": async ({ task: named, runs }) => {
      const task = store.find(named);
      const next = task.state === "paused" ? [] : nextRuns(task.schedule, Math.max(task.settledMs, nowMs()), 5).map(atOf);
      return { ...view(task), next, runs: store.runs(task.id, runs).map(describeRun) };
    },
    "task.pause": async ({ task: named, because }) =>
      change(named, (task) => {
        if (task.state === "paused") return task;
        return note("TASK_PAUSED", "paused", store.pause(task, because === "" ? `${actor.id} paused it` : `${actor.id} paused it: ${because}`));
      }),
    "task.resume": async ({ task: named }) =>
      change(named, (task) => {
        if (task.state === "active") return task;
        const others = store.list().filter(({ id }) => id !== task.id);
        assertHourFits(task, others, instance.settings.tasks);
        return note("TASK_RESUMED", "resumed", store.resume(task, nowMs()));
      }),
    "task.remove": async ({ task: named }) =>
      change(named, (task) => {
        store.remove(task);
        return note("TASK_REMOVED", "removed", task);
      }),
    "task.run": async ({ task: named }) => {
      const { lookout, over } = daemonOf(context);
      return describeRun(await runTaskNow(instance, planTaskTools(instance, lookout), findOwn(context, named), actor.id, over));
    },
  };
}

/** @throws InstarError NOT_FOUND, FORBIDDEN */
function findOwn({ instance, actor }: OperationContext, named: string): Task {
  const task = storeOf(instance).find(named);
  const isItsOwn = task.createdBy.type === "agent" && task.createdBy.id === actor.id;
  if (actor.type === "agent" && !isItsOwn)
    throw new InstarError("FORBIDDEN", `${task.name} is a task of ${task.createdBy.id}, and an agent may touch its own alone`, {
      facts: { task: task.id, owner: task.createdBy.id },
      advice: "`instar task list` shows whose each is; a person may touch all of them.",
    });
  return task;
}

function noteTask({ instance, actor }: OperationContext, event: LedgerEvent, did: string, task: Task): Task {
  const does = describeTaskInput(task.input);
  const when = describeSchedule(task);
  instance.ledger.append({
    event,
    actor,
    description: `${actor.id} ${did} the task ${task.name}: it ${does}, ${when}${task.pausedBecause === null ? "" : ` (${task.pausedBecause})`}`,
    success: true,
    details: { task: task.id, name: task.name, type: task.input.type, does, when, missed: task.missed, createdBy: task.createdBy.id },
  });
  return task;
}

function describeTask(task: Task, nowMs: number): TaskView {
  const { id, name, schedule, missed, withinMs, failuresAllowed, state, pausedBecause, failures, createdAt, createdBy, settledMs } = task;
  const [next] = state === "paused" ? [] : nextRuns(schedule, Math.max(settledMs, nowMs), 1);
  return {
    ...{ id, name, missed, withinMs, failuresAllowed, state, pausedBecause, failures, createdAt, createdBy },
    type: task.input.type,
    cron: "cron" in schedule ? schedule.cron : null,
    timeZone: "cron" in schedule ? (schedule.timeZone ?? null) : null,
    everyMs: "everyMs" in schedule ? schedule.everyMs : null,
    does: describeTaskInput(task.input),
    nextAt: next === undefined ? null : atOf(next),
  };
}

const describeRun = ({ id, dueMs, begunMs, endedMs, outcome, because }: TaskRun): TaskRunView => ({
  ...{ id, outcome, because },
  dueAt: atOf(dueMs),
  begunAt: atOf(begunMs),
  endedAt: endedMs === null ? null : atOf(endedMs),
});

const atOf = (ms: number) => new Date(ms).toISOString();
