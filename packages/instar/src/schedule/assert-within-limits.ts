import { InstarError } from "@instar/protocol";
import type { TaskSettings } from "../settings/task-settings.ts";
import { nextRuns, type Schedule } from "./parse-schedule.ts";
import type { NewTask, Task } from "./task.ts";

const HOUR_MS = 3_600_000;
/** How far a schedule is looked at: what it does later, it does within so many runs too. */
const LOOKED_AT = 100;

/**
 * Whether one more task may run beside those that do. Of a schedule its actual times count, not what it is written as.
 * @throws InstarError INPUT_INVALID where it is too often, RATE_LIMITED where there are too many
 */
export function assertWithinLimits(task: Pick<NewTask, "schedule" | "busiestHour">, others: readonly Task[], settings: TaskSettings, nowMs: number): void {
  if (others.length >= settings.most)
    throw new InstarError("RATE_LIMITED", `there are ${others.length} tasks already, and tasks.most allows ${settings.most}`, {
      facts: { tasks: others.length, most: settings.most },
      advice: "Remove one: `instar task list` shows them.",
    });
  assertNotTooOften(task.schedule, settings.oftenest, nowMs);
  assertHourFits(task, others, settings);
}

/** What a task that rests would add when it runs again. @throws InstarError RATE_LIMITED */
export function assertHourFits({ busiestHour: more }: Pick<NewTask, "busiestHour">, others: readonly Task[], { perHour }: TaskSettings): void {
  const taken = others.filter(({ state }) => state === "active").reduce((sum, { busiestHour }) => sum + busiestHour, 0);
  if (taken + more <= perHour) return;
  throw new InstarError("RATE_LIMITED", `with it tasks would run ${taken + more} times in a busy hour, and tasks.perHour allows ${perHour}`, {
    facts: { perHour, taken, more },
    advice: "Let it run less often, or pause another: `instar task list` shows them.",
  });
}

function assertNotTooOften(schedule: Schedule, oftenestMs: number, nowMs: number): void {
  const times = nextRuns(schedule, nowMs, LOOKED_AT);
  const shortestMs = Math.min(...times.slice(1).map((ms, index) => ms - (times[index] ?? 0)));
  if (shortestMs >= oftenestMs) return;
  throw new InstarError("INPUT_INVALID", `it would run ${shortestMs / 1_000} s after it ran, and tasks.oftenest allows ${oftenestMs / 1_000} s`, {
    facts: { shortestMs, oftenestMs },
    advice: "Let it run less often.",
  });
}

/** How many of a schedule's next runs come within one hour at most; one more than `perHour` is as good as any more. */
export function countBusiestHour(schedule: Schedule, perHour: number, nowMs: number): number {
  const times = nextRuns(schedule, nowMs, Math.max(LOOKED_AT, perHour + 1));
  let most = 0;
  let first = 0;
  for (const [index, ms] of times.entries()) {
    while ((times[first] ?? ms) <= ms - HOUR_MS) first += 1;
    most = Math.max(most, index - first + 1);
  }
  return most;
}
