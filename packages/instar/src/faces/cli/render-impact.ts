import type { ImpactReport, ImpactView } from "@instar/protocol";
import { printable } from "./printable.ts";

/**
 * Half a page: what would change, and why the risk is what it is. Heaviest reasons first; what is empty is left out. Names come from the change
 * itself, so nothing in them may move a cursor.
 */
export function renderImpact({ update, from, to, report }: ImpactView): string {
  const { risk, impactLevel, impactBecause, files, modules, requiredTests, rollback } = report;
  const lines = [
    `${from === null ? "nothing" : `${from.version} (${from.commit.slice(0, 10)})`} → ${to.version} (${to.commit.slice(0, 10)})${update === null ? "" : `, update ${update}`}`,
    `  risk       ${risk} (${report.score} of 100); impact ${impactLevel}: ${impactBecause}`,
    `  kind       ${report.updateType}${report.requiresReview ? "; a person should look at it first" : "; may go on by itself"}`,
    `  files      ${files.changed} changed (${files.added} new, ${files.deleted} gone), +${files.addedLines} −${files.deletedLines} lines${files.sample.length === 0 ? "" : `: ${list({ total: files.changed, first: files.sample }, 4)}`}`,
    `  reaches    ${renderReach(report)}`,
    ...(report.entryPoints.total === 0 ? [] : [`  enters by  ${list(report.entryPoints, 4)}`]),
    `  tests      ${requiredTests.total === 0 ? "none reaches it" : `${requiredTests.total} first: ${list(requiredTests, 3)}`}${report.estimatedTestMs === null ? "" : `; all took ${seconds(report.estimatedTestMs)} before`}`,
    ...(report.dependencies.total === 0
      ? []
      : [
          `  packages   ${report.dependencies.total} changed: ${list({ total: report.dependencies.total, first: report.dependencies.first.map(renderPackage) }, 4)}`,
        ]),
    `  way back   ${rollback.complexity}: ${rollback.because}${rollback.estimatedMs === null ? "" : `; took ${seconds(rollback.estimatedMs)} before`}`,
    "  why",
    ...report.factors
      .filter(({ weight, atLeast }) => weight > 0 || atLeast !== null || report.factors.length === 1)
      .toSorted((a, b) => b.weight - a.weight)
      .slice(0, REASONS)
      .map(
        ({ name, weight, atLeast, because }) =>
          `    ${`+${weight}`.padStart(5)}  ${name}: ${because}${atLeast === null || atLeast === "low" ? "" : ` [at least ${atLeast}]`}`,
      ),
    ...report.checks.filter(({ verdict }) => verdict !== "pass").map(({ check, verdict, because }) => `  ${verdict.padEnd(9)}  ${check}: ${because}`),
    ...report.conflicts.map(
      ({ kind, what, because, blocks, advice }) =>
        `  ${blocks ? "conflict " : "note     "}  ${kind}: ${what}: ${because}${advice === "" ? "" : ` → ${advice}`}`,
    ),
    ...report.recommendations.map((each) => `  → ${each}`),
  ];
  if (modules.unexplained.total > 0) lines.splice(5, 0, `  unclear    ${list(modules.unexplained, 4)}`);
  return lines.map(printable).join("\n");
}

/** More than this and nobody reads the first one. */
const REASONS = 10;

function renderReach({ modules, components }: ImpactReport): string {
  const affected = modules.directly.total + modules.indirectly.total;
  if (modules.isEverything) return `everything (${modules.total} modules)`;
  if (affected === 0) return `none of ${modules.total} modules`;
  const parts = components.directly.total + components.indirectly.total;
  return `${affected} of ${modules.total} modules (${modules.directly.total} directly) in ${parts} component${parts === 1 ? "" : "s"}: ${list({ total: parts, first: [...components.directly.first, ...components.indirectly.first] }, 4)}`;
}

function renderPackage({ name, from, to, bump, installScripts, concerns }: ImpactReport["dependencies"]["first"][number]): string {
  const marks = [bump === "major" || bump === "downgrade" ? bump : "", installScripts === true ? "install script" : "", ...concerns].filter(
    (mark) => mark !== "",
  );
  return `${name} ${[from.join("/") || "new", to.join("/") || "gone"].join(" → ")}${marks.length === 0 ? "" : ` (${marks.join(", ")})`}`;
}

function list({ total, first }: { readonly total: number; readonly first: readonly string[] }, most: number): string {
  const shown = first.slice(0, most);
  return `${shown.join(", ")}${total > shown.length ? ` and ${total - shown.length} more` : ""}`;
}

const seconds = (ms: number) => (ms < 10_000 ? `${Math.round(ms / 100) / 10} s` : `${Math.round(ms / 1_000)} s`);
