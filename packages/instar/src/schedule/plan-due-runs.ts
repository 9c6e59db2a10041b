import { dueBetween, nextRuns } from "./parse-schedule.ts";
import type { Task } from "./task.ts";

export interface DueFacts {
  readonly tasks: readonly Task[];
  /** Ids of the tasks that run at this moment. */
  readonly running: ReadonlySet<string>;
  /** Runs that began within the last hour, of all tasks together. */
  readonly begunInAnHour: number;
  readonly perHour: number;
  /** Wall time. */
  readonly nowMs: number;
}

export type DueAct =
  | { readonly act: "begin"; readonly task: string; readonly dueMs: number; readonly because: string }
  /** This run, and what was due before it, is passed over. */
  | { readonly act: "skip"; readonly task: string; readonly dueMs: number; readonly because: string }
  /** The clock went back: from now on times count from here. */
  | { readonly act: "rebase"; readonly task: string; readonly settledMs: number; readonly because: string };

/** Later than this a run is not late but missed, and the task's policy says what becomes of it. */
const ON_TIME_MS = 60_000;
/** So many missed runs are made up for at most. */
const MADE_UP_FOR = 24;
/** Beyond this nobody counts how many were missed. */
const COUNTED = 1_000;
/** So many tasks run at once; others wait for their turn. */
const AT_ONCE = 8;

/**
 * What is to be done about due runs now, in this order. Each act settles what it is about; what is not spoken of waits for the next time that this is asked.
 * A person's tasks come before an agent's: whoever floods does so behind the others.
 */
export function planDueRuns(facts: DueFacts): DueAct[] {
  const acts: DueAct[] = [];
  let room = AT_ONCE - facts.running.size;
  let left = facts.perHour - facts.begunInAnHour;
  for (const task of facts.tasks.filter(({ state }) => state === "active").toSorted(peopleFirst)) {
    const planned = planTask(task, facts, { hasRoom: room > 0, isAllowed: left > 0 });
    acts.push(...planned);
    const begun = planned.filter(({ act }) => act === "begin").length;
    room -= begun;
    left -= begun;
  }
  return acts;
}

const peopleFirst = (one: Task, other: Task) => Number(one.createdBy.type === "agent") - Number(other.createdBy.type === "agent");

function planTask(task: Task, { running, perHour, nowMs }: DueFacts, { hasRoom, isAllowed }: { hasRoom: boolean; isAllowed: boolean }): DueAct[] {
  const ahead = planRebase(task, nowMs);
  if (ahead !== undefined) return [ahead];
  const [next] = nextRuns(task.schedule, task.settledMs, 1);
  if (next === undefined || next > nowMs) return [];
  const dues = dueBetween(task.schedule, task.settledMs, nowMs, COUNTED + 1);
  const newest = dues.at(-1);
  if (newest === undefined) return [];
  if (running.has(task.id))
    // Each is wanted: they wait until the one under way has ended.
    return task.missed === "all" ? [] : [skipAll(task, dues, "the run before had not ended")];
  if (!isAllowed) return [skipAll(task, dues, `tasks ran ${perHour} times within an hour, which is what tasks.perHour allows`)];
  const isOnTime = nowMs - newest <= ON_TIME_MS;
  if (task.missed === "skip" && !isOnTime) return [skipAll(task, dues, "nothing ran then, and this task does not make up for it")];
  if (!hasRoom) return [];
  const wanted = task.missed === "all" ? dues.slice(-MADE_UP_FOR) : [newest];
  const [first = newest] = wanted;
  const passedOver = dues.slice(0, dues.length - wanted.length);
  const because = nowMs - first <= ON_TIME_MS ? "it was due" : "it was due while nothing ran, and is made up for";
  return [
    ...(passedOver.length === 0 ? [] : [skipAll(task, passedOver, WHY_PASSED_OVER[task.missed])]),
    { act: "begin", task: task.id, dueMs: first, because },
  ];
}

const WHY_PASSED_OVER = {
  skip: "nothing ran then, and this task does not make up for it",
  once: "nothing ran then, and one run makes up for all of them",
  all: `nothing ran then, and the newest ${MADE_UP_FOR} are made up for at most`,
} as const;

function skipAll(task: Task, dues: readonly number[], why: string): DueAct {
  // Of more than are counted, some that are still made up for may have been taken away.
  const count = `${dues.length > COUNTED - MADE_UP_FOR ? "at least " : ""}${dues.length} runs`;
  const because = dues.length === 1 ? `it did not take place: ${why}` : `${count} up to this one did not take place: ${why}`;
  return { act: "skip", task: task.id, dueMs: dues.at(-1) ?? task.settledMs, because };
}

/**
 * A clock that went back: what was settled lies ahead. Within one interval nothing is lost by waiting, and nothing runs a second time. Beyond it the task would
 * be silent until the old time comes again, and so begins anew from now.
 */
function planRebase({ id, schedule, settledMs }: Task, nowMs: number): DueAct | undefined {
  if (settledMs <= nowMs) return undefined;
  const [one, two] = nextRuns(schedule, nowMs, 2);
  if (one === undefined || two === undefined || settledMs - nowMs <= two - one) return undefined;
  const because = `the clock went back by about ${Math.round((settledMs - nowMs) / 1_000)} s: times that were settled already may come once more`;
  return { act: "rebase", task: id, settledMs: nowMs, because };
}
