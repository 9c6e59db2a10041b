import type { ReportCell, ReportUnit } from "@instar/protocol";

/** A value as a person reads it; a dash where there is none. */
export function renderValue(value: ReportCell, unit: ReportUnit): string {
  if (value === null) return "–";
  if (typeof value === "string") return unit === "time" ? renderTime(value) : value;
  switch (unit) {
    case "ms":
      return renderMs(value);
    case "share":
      return renderShare(value);
    case "count":
    case "time":
    case "text":
      return String(value);
    default:
      return unit satisfies never;
  }
}

/** To the second; the cell of a file has the rest. */
export function renderTime(iso: string): string {
  return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}/.test(iso) ? `${iso.slice(0, 10)} ${iso.slice(11, 19)}` : iso;
}

/** With as many parts as tell something: nobody needs the seconds of a day. */
function renderMs(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 9_995) return `${(ms / 1_000).toFixed(2)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return parts(seconds, [60, "min"], [1, "s"]);
  if (seconds < 86_400) return parts(Math.round(seconds / 60), [60, "h"], [1, "min"]);
  return parts(Math.round(seconds / 3_600), [24, "d"], [1, "h"]);
}

function parts(total: number, [size, large]: readonly [number, string], [, small]: readonly [number, string]): string {
  const rest = total % size;
  return rest === 0 ? `${Math.floor(total / size)} ${large}` : `${Math.floor(total / size)} ${large} ${rest} ${small}`;
}

/** What is not all is not shown as all, and what is not nothing not as nothing. */
function renderShare(share: number): string {
  const percent = share * 100;
  if (share > 0 && percent < 0.1) return "< 0.1 %";
  if (share < 1 && percent > 99.9) return "> 99.9 %";
  return `${Number(percent.toFixed(1))} %`;
}
