import type { ReportCell, ReportUnit } from "@instar/protocol";
import { renderAbsolute, renderDuration } from "../../parts/render-time.ts";

/** A figure or a cell in its unit; what nobody measured says so. */
export function renderCell(value: ReportCell, unit: ReportUnit): string {
  if (value === null) return "not measured";
  if (typeof value === "string") return unit === "time" && !Number.isNaN(Date.parse(value)) ? renderAbsolute(Date.parse(value)) : value;
  if (unit === "share") return `${Number((value * 100).toFixed(1))} %`;
  if (unit === "ms") return renderDuration(value);
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(4)));
}
