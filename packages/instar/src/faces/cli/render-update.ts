import type { HealthCheckResult, Origin, RehearsalReport, StageResult, StepEvidence, UpdateView } from "@instar/protocol";
import { renderEvidence as renderObserved } from "./render-observation.ts";
import { renderDecisionEvidence } from "./render-policy.ts";

export function renderUpdateLine(update: UpdateView): string {
  const end = update.outcome ?? update.state;
  const what = update.kind === "configuration" ? `configuration of ${update.versionTo}` : `${update.versionFrom ?? "nothing"} → ${update.versionTo}`;
  return `${update.id}  ${what}  ${end}${update.because === "" ? "" : `: ${update.because}`}`;
}

/** The whole of it: each step with its last word, and below it what was measured. */
export function renderUpdate(update: UpdateView): string {
  const lines = [renderUpdateLine(update), ...(update.origin == null ? [] : [`  origin: ${renderOrigin(update.origin)}`])];
  for (const step of update.steps) {
    lines.push(`  ${STEP_MARKS[step.state]} ${step.title}${step.because === "" ? "" : `: ${step.because}`}`);
    if (step.evidence !== null) lines.push(...renderEvidence(step.evidence).map((line) => `      ${line}`));
  }
  if (update.code !== null) lines.push(`  ${update.code}: see \`docs/errors.md\``);
  return lines.join("\n");
}

/** Who vouches for it, and how that was found. */
const renderOrigin = ({ kind, because }: Origin): string => (kind === "none" ? `nobody vouches for it: ${because}` : `${kind}: ${because}`);

/** What a step's state looks like beside its title, wherever one is printed. */
export const STEP_MARKS = { ahead: "·", running: "▸", waiting: "…", done: "✔", failed: "✘", undoing: "↶", undone: "↶", skipped: "-" } as const;

export function renderEvidence({ confinement, stages = [], rehearsal, health = [], observation, decision }: StepEvidence): string[] {
  return [
    ...(confinement === undefined ? [] : [renderConfinement(confinement)]),
    ...stages.flatMap(renderStage),
    ...(rehearsal === undefined ? [] : renderRehearsal(rehearsal)),
    ...health.map(renderHealthCheck),
    ...(decision === undefined ? [] : renderDecisionEvidence(decision)),
    // What passed is said in the step's own line; `update explain` has all of it.
    ...(observation === undefined || observation.verdict === "pass" ? [] : renderObserved(observation)),
  ];
}

function renderConfinement({ sandbox, missing }: NonNullable<StepEvidence["confinement"]>): string {
  return missing.length === 0 ? `in ${sandbox}` : `in ${sandbox}, WITHOUT ${missing.join(", ")}: sandbox.weaker allows it`;
}

function renderStage(result: StageResult): string[] {
  if (result.verdict === "nodata" && result.gate !== "required" && result.runner === null) return [];
  const { counts } = result;
  const told = [
    ...(counts === null ? [] : [`${counts.passed} of ${counts.total} passed${counts.skipped === 0 ? "" : `, ${counts.skipped} skipped`}`]),
    ...(result.coverage === null ? [] : [`${result.coverage} % of lines covered`]),
    ...(result.cached ? ["known from before"] : []),
  ];
  return [
    `${result.verdict.padEnd(12)} ${result.stage.replaceAll("_", " ").padEnd(18)} ${result.gate === "required" ? "" : `${result.gate}: `}${result.because}${told.length === 0 ? "" : ` (${told.join("; ")})`}`,
    ...result.failing.slice(0, 5).map((name) => `               ✘ ${name}`),
    ...result.flaky.slice(0, 5).map((name) => `               ~ flaky: ${name}`),
  ];
}

export function renderHealthCheck({ check, verdict, gate, because }: HealthCheckResult): string {
  return `${verdict.padEnd(12)} ${check.padEnd(24)} ${gate === "required" ? "" : "advisory: "}${because}`;
}

function renderRehearsal({ findings }: RehearsalReport): string[] {
  return findings.map(({ what, verdict, because }) => `${verdict.padEnd(12)} ${what.padEnd(18)} ${because}`);
}
