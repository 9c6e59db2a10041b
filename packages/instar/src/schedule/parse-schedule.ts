import { InstarError } from "@instar/protocol";
import { type CronSchedule, openCron } from "../settings/open-cron.ts";
import { duration } from "../settings/setting-values.ts";

/** Every so many ms, counted from a moment on. */
export interface PaceSchedule {
  readonly everyMs: number;
  readonly fromMs: number;
}

export type Schedule = CronSchedule | PaceSchedule;

const SHORTEST_PACE_MS = 60_000;

/**
 * From what somebody wrote. A zone that is left out becomes the machine's of now, so that a task does not move with it.
 * @param nowMs wall time; a pace counts from it
 * @throws InstarError INPUT_INVALID
 */
export function parseSchedule(
  { cron, timeZone, every }: { cron?: string | undefined; timeZone?: string | undefined; every?: string | undefined },
  nowMs: number,
): Schedule {
  if ((cron === undefined) === (every === undefined))
    throw invalid("a schedule is either a cron expression or how often", 'Give cron ("0 3 * * *") or every ("6h").');
  if (cron !== undefined) {
    const schedule = { cron: cron.trim(), timeZone: timeZone ?? new Intl.DateTimeFormat().resolvedOptions().timeZone };
    openCron(schedule);
    return schedule;
  }
  if (timeZone !== undefined) throw invalid("a time zone belongs to a cron expression: a pace is the same everywhere", "Leave timeZone out.");
  const parsed = duration.safeParse(every);
  if (!parsed.success) throw invalid(`every ${parsed.error.issues[0]?.message ?? "is no duration"}`, "Such as 10m, 6h or 1d.");
  if (parsed.data < SHORTEST_PACE_MS) throw invalid(`every ${every} is too often: a minute is the least`, "Such as 10m, 6h or 1d.");
  return { everyMs: parsed.data, fromMs: nowMs };
}

/** The next `count` times after a moment, wall time in ms; fewer where no more come. */
export function nextRuns(schedule: Schedule, fromMs: number, count: number): number[] {
  if ("cron" in schedule)
    return openCron(schedule)
      .nextRuns(count, new Date(fromMs))
      .map((date) => date.getTime());
  const first = Math.floor((fromMs - schedule.fromMs) / schedule.everyMs) + 1;
  return Array.from({ length: count }, (_, index) => schedule.fromMs + (first + index) * schedule.everyMs);
}

/** Of the times after `fromMs` up to and with `toMs` the newest `limit`, oldest first. */
export function dueBetween(schedule: Schedule, fromMs: number, toMs: number, limit: number): number[] {
  if (toMs <= fromMs) return [];
  // Mostly there is one or none, and each of a thousand costs its while.
  for (const count of [8, 64, limit].filter((each) => each <= limit)) {
    const due = newestBefore(schedule, toMs, count).filter((ms) => ms > fromMs);
    if (due.length < count || count === limit) return due.reverse();
  }
  return [];
}

/** Up to and with a moment, newest first. */
function newestBefore(schedule: Schedule, toMs: number, count: number): number[] {
  if ("cron" in schedule)
    // Those before a moment are without it, and in whole seconds.
    return openCron(schedule)
      .previousRuns(count, new Date((Math.floor(toMs / 1_000) + 1) * 1_000))
      .map((date) => date.getTime());
  const last = Math.floor((toMs - schedule.fromMs) / schedule.everyMs);
  return Array.from({ length: count }, (_, index) => schedule.fromMs + (last - index) * schedule.everyMs);
}

const invalid = (message: string, advice: string) => new InstarError("INPUT_INVALID", message, { advice });
