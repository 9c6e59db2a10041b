const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long something took or is away, in the two greatest units: `350 ms`, `2.4 s`, `3 min 5 s`, `2 d 4 h`. */
export function renderDuration(ms: number): string {
  if (ms < SECOND) return `${Math.round(ms)} ms`;
  if (ms < 10 * SECOND) return `${(ms / SECOND).toFixed(1)} s`;
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`;
  if (ms < HOUR) return both(Math.floor(ms / MINUTE), "min", Math.floor((ms % MINUTE) / SECOND), "s");
  if (ms < DAY) return both(Math.floor(ms / HOUR), "h", Math.floor((ms % HOUR) / MINUTE), "min");
  return both(Math.floor(ms / DAY), "d", Math.floor((ms % DAY) / HOUR), "h");
}

const both = (first: number, unit: string, second: number, below: string) => (second === 0 ? `${first} ${unit}` : `${first} ${unit} ${second} ${below}`);

/** How far a time is from now, as one would say it. */
export function renderRelative(atMs: number, nowMs: number): string {
  const away = Math.abs(nowMs - atMs);
  if (away < 5 * SECOND) return "just now";
  const rounded = away < MINUTE ? `${Math.floor(away / SECOND)} s` : roundToOne(away);
  return atMs <= nowMs ? `${rounded} ago` : `in ${rounded}`;
}

function roundToOne(ms: number): string {
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < 2 * DAY) return `${Math.floor(ms / HOUR)} h`;
  return `${Math.floor(ms / DAY)} d`;
}

/** A time in full, in the reader's zone, the same for every reader: `2026-11-29 18:40:12`. */
export function renderAbsolute(atMs: number): string {
  const at = new Date(atMs);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** How soon what `renderRelative` says is wrong. */
export const isFresh = (atMs: number, nowMs: number): boolean => Math.abs(nowMs - atMs) < HOUR;
