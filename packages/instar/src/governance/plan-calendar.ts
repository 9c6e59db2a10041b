import type { Settings } from "../settings/settings.ts";

export interface Calendar {
  readonly frozen: boolean;
  /** There are windows, and it is in none of them. */
  readonly outsideWindows: boolean;
  /** What stands against updates now, in words; null where nothing does. */
  readonly because: string | null;
}

type Updates = Pick<Settings["updates"], "windows" | "freezes">;

/** What the calendar of the settings says of a moment, in each window's own time zone. Pure. A wall clock that jumps can hold an update or let it wait; it never passes a gate. */
export function planCalendar({ windows, freezes }: Updates, wallMs: number): Calendar {
  const freeze = freezes.find(({ from, to }) => Date.parse(from) <= wallMs && wallMs < Date.parse(to));
  const outsideWindows = windows.length > 0 && !windows.some((window) => isWithin(window, wallMs));
  return {
    frozen: freeze !== undefined,
    outsideWindows,
    because:
      freeze !== undefined
        ? `nothing proceeds by itself until ${freeze.to}${freeze.because === undefined ? "" : `: ${freeze.because}`}`
        : outsideWindows
          ? `updates proceed by themselves only ${windows.map(sayWindow).join(" or ")}`
          : null,
  };
}

const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;

function isWithin({ days, from, to, timeZone }: Updates["windows"][number], wallMs: number): boolean {
  const { day, minute } = localTime(wallMs, timeZone);
  const [begin, end] = [minutesOf(from), minutesOf(to)];
  const isDay = (which: number) => days.includes(DAYS[(which + 7) % 7] as (typeof days)[number]);
  if (begin < end) return isDay(day) && minute >= begin && minute < end;
  // Over midnight, or a whole day: it belongs to the day on which it began.
  return (isDay(day) && minute >= begin) || (isDay(day - 1) && minute < end);
}

function localTime(wallMs: number, timeZone: string): { day: number; minute: number } {
  const parts = new Intl.DateTimeFormat("en-US", { timeZone, weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).formatToParts(wallMs);
  const part = (type: string) => parts.find((each) => each.type === type)?.value ?? "";
  return { day: DAYS.indexOf(part("weekday").toLowerCase() as (typeof DAYS)[number]), minute: Number(part("hour")) * 60 + Number(part("minute")) };
}

const minutesOf = (time: string) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
const sayWindow = ({ days, from, to, timeZone }: Updates["windows"][number]) => `${days.length === 7 ? "daily" : days.join(", ")} ${from}-${to} ${timeZone}`;
