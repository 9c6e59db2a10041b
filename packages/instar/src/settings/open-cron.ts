import { InstarError } from "@instar/protocol";
import { Cron } from "croner";

/** When something recurs: an expression of five fields, six with seconds, or a nickname such as @daily. */
export interface CronSchedule {
  readonly cron: string;
  /** As in the IANA's list; the machine's where it is left out. */
  readonly timeZone?: string | undefined;
}

/**
 * A schedule that can be asked for its times; it has no timer of its own. A time that is written out and does not exist on a day is the next moment that does,
 * and one that exists twice counts once.
 *
 * @throws InstarError INPUT_INVALID where it is no cron, the zone is none, or it never comes
 */
export function openCron({ cron, timeZone }: CronSchedule): Cron {
  const fields = cron.trim().split(/\s+/);
  assertZone(timeZone);
  // croner takes a single date too; that recurs never.
  if (fields.length === 1 && !cron.trim().startsWith("@")) throw refusal(cron, "is no cron: it takes five fields, six with seconds, or @daily and the like");
  try {
    const zone = timeZone ?? new Intl.DateTimeFormat().resolvedOptions().timeZone;
    const opened = new Cron(planFixedTimes(fields).join(" "), { timezone: zone, mode: "5-or-6-parts", fixedTimeRule: "no-wildcard", paused: true });
    if (opened.nextRun(new Date(ANY_MOMENT_MS)) === null) throw refusal(cron, "never comes: no date is like that");
    return opened;
  } catch (error) {
    if (InstarError.is(error)) throw error;
    throw refusal(cron, "is no cron: it takes five fields, six with seconds, or @daily and the like", error);
  }
}

/** A schedule that comes at all comes after this, since none names a year. */
const ANY_MOMENT_MS = Date.UTC(2024, 0, 1);

function assertZone(timeZone: string | undefined): void {
  if (timeZone === undefined) return;
  try {
    // "+02:00" is taken by some versions of Node and not by others.
    if (/^[A-Za-z]/.test(timeZone)) new Intl.DateTimeFormat("en", { timeZone });
    else throw new RangeError("an offset names no zone");
  } catch (error) {
    throw new InstarError("INPUT_INVALID", `${JSON.stringify(timeZone)} is no time zone`, {
      cause: error,
      facts: { timeZone },
      advice: "Give one as in the IANA's list: Europe/Berlin, America/New_York, UTC.",
    });
  }
}

/**
 * Where hours are named, minutes and seconds are written out too: every minute from two to three then is sixty fixed times, of which a night that lacks them
 * keeps one moment and a night that has them twice takes the first. Without a named hour it is a pace, and a pace goes on through both.
 */
function planFixedTimes(fields: readonly string[]): string[] {
  const clock = fields.length === 6 ? 3 : 2;
  const hour = fields[clock - 1] ?? "*";
  if (fields.length < 5 || /[*?]/.test(hour)) return [...fields];
  return fields.map((field, index) => (index < clock ? writeOut(field, index === clock - 1 ? 23 : 59) : field));
}

function writeOut(field: string, last: number): string {
  return field
    .split(",")
    .map((part) => {
      const [, first, until, step] = /^(?:\*|(\d{1,2})-(\d{1,2}))(?:\/(\d{1,2}))?$/.exec(part) ?? [];
      const isSpan = part.startsWith("*") || (first !== undefined && step !== undefined);
      const from = Number(first ?? 0);
      const to = Number(until ?? last);
      const by = Number(step ?? 1);
      // What is no span, or a wrong one, is the parser's to judge.
      if (!isSpan || !/^(\*|\d+-\d+)(\/\d+)?$/.test(part) || by < 1 || by > last || from > to || to > last) return part;
      return Array.from({ length: Math.floor((to - from) / by) + 1 }, (_, index) => from + index * by).join(",");
    })
    .join(",");
}

function refusal(cron: string, why: string, cause?: unknown): InstarError {
  return new InstarError("INPUT_INVALID", `${JSON.stringify(cron)} ${why}`, {
    ...(cause === undefined ? {} : { cause }),
    facts: { cron },
    advice: 'Such as "0 3 * * *" (at three each night), "*/10 * * * MON-FRI" (every ten minutes on weekdays) or @hourly.',
  });
}
