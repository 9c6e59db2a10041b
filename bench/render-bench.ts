import type { Bar, BenchReport, Row } from "./bench-report.ts";

/** The report as a table for people. A bar that was missed is said as loudly as plain text can. */
export function renderBench({ machine, rows, bars }: BenchReport): string {
  const missed = bars.filter(({ met }) => !met);
  return [
    "",
    ...Object.entries(machine).map(([name, value]) => `${name}: ${value}`),
    "",
    ...alignColumns([["", "", "Instar", "peer", "", "ratio"], ...rows.map(renderRow)]),
    "",
    ...alignColumns([["bar", "wanted", "got", ""], ...bars.map(renderBar)]),
    "",
    missed.length === 0 ? "Every bar is met." : `!!! ${missed.length} of ${bars.length} bars MISSED: ${missed.map(({ what }) => what).join("; ")} !!!`,
    "",
  ].join("\n");
}

function renderRow({ what, unit, ours, peer, peerName, ratio, note }: Row): string[] {
  return [what, unit, show(ours), show(peer), peerName ?? "", ratio === null ? "" : `${show(ratio)}x`, note ?? ""];
}

function renderBar({ what, want, got, met }: Bar): string[] {
  return [what, want, show(got), met ? "met" : got === null ? "MISSED (not measured)" : "MISSED"];
}

function show(value: number | null): string {
  if (value === null) return "-";
  if (Number.isInteger(value) || Math.abs(value) >= 1_000) return String(Math.round(value));
  return value.toFixed(Math.abs(value) < 10 ? 2 : 1);
}

/** A longer cell may stick out; the others need not make room for it. */
const LONGEST_COLUMN = 60;

function alignColumns(lines: readonly (readonly string[])[]): string[] {
  const widths = lines.reduce<number[]>((seen, line) => line.map((cell, column) => Math.max(seen[column] ?? 0, Math.min(cell.length, LONGEST_COLUMN))), []);
  return lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
