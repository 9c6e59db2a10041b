import { extname } from "node:path/posix";
import type { CheckResult, Conflict, DependencyChange, ImpactReport, Touch } from "@instar/protocol";
import type { AssessRequest } from "./analysis-request.ts";
import { type ClassifiedChange, classifyChange, planRecommendations, planRollback } from "./classify-change.ts";
import type { Edit } from "./edit.ts";
import type { ApiChanges } from "./find-api-changes.ts";
import { findEffectiveEdits, isLoggingOnly } from "./find-effective-edits.ts";
import type { BlastRadius } from "./graph/plan-blast-radius.ts";
import { isDocumentPath } from "./touches/is-document-path.ts";
import { riskOf, scoreFactors, weighChange, weighChecks } from "./weigh-change.ts";

/** What was found out about a change, by who knows each part. */
export interface Findings {
  readonly edits: readonly Edit[];
  readonly radius: BlastRadius;
  /** Modules of the new version that could not be parsed or read, of those that the change concerns. */
  readonly unreadable: readonly string[];
  readonly touches: readonly Touch[];
  readonly dependencies: { readonly changes: readonly DependencyChange[]; readonly unreadable: readonly { readonly path: string }[] };
  readonly checks: readonly CheckResult[];
  readonly conflicts: readonly Conflict[];
  readonly api: ApiChanges;
}

/** How many of a list a report names; its total is always told. */
const NAMED = 50;
const SAMPLE = 10;
const CONFIGURATION = new Set([".yaml", ".yml", ".json", ".toml", ".ini", ".conf", ".cfg", ".env", ".properties"]);

/** The report of a change, from everything that was found out about it. Pure: the same findings give the same report. Estimates are the caller's. */
export function planImpact(request: Pick<AssessRequest, "bump" | "subjects" | "watchMs">, findings: Findings): ImpactReport {
  const { edits, radius, touches, dependencies, checks, conflicts } = findings;
  const effective = findEffectiveEdits(edits, isDocumentPath);
  const affected = radius.isEverything ? radius.total : radius.directly.length + radius.indirectly.length;
  const change: ClassifiedChange = {
    bump: request.bump,
    subjects: request.subjects,
    effective: effective.map(({ path }) => path),
    changed: edits.length,
    reach: {
      affected: effective.length === 0 ? 0 : affected,
      total: radius.total,
      entryPoints: radius.entryPoints,
      unexplained: radius.unexplained,
      unreadable: findings.unreadable,
      isTested: radius.tests.length > 0,
    },
    touches,
    dependencies: dependencies.changes,
    unreadLockfiles: dependencies.unreadable.map(({ path }) => path),
    checks,
    removedApi: findings.api.removed,
    isConfiguration: edits.length > 0 && edits.every(({ path }) => CONFIGURATION.has(extname(path))),
    isLogging: isLoggingOnly(effective),
    hasNewThings: findings.api.hasAdded || effective.some(({ status }) => status === "added"),
  };
  const factors = weighChange(change);
  const { updateType, impactLevel, impactBecause, requiresReview } = classifyChange(change);
  const report = {
    updateType,
    bump: request.bump,
    impactLevel,
    impactBecause,
    requiresReview,
    risk: riskOf(factors),
    score: scoreFactors(factors),
    factors,
    files: countFiles(edits),
    modules: {
      total: radius.total,
      directly: some(radius.directly),
      indirectly: some(radius.indirectly),
      unexplained: some(radius.unexplained),
      isEverything: radius.isEverything,
    },
    components: { directly: some(radius.components.directly), indirectly: some(radius.components.indirectly) },
    entryPoints: some(radius.entryPoints),
    requiredTests: some(radius.tests),
    estimatedTestMs: null,
    touches: some(touches),
    dependencies: some(dependencies.changes),
    checks: [...checks],
    conflicts: [...conflicts],
    rollback: { ...planRollback(change), estimatedMs: null },
  };
  return { ...report, recommendations: planRecommendations(report, request.watchMs, request.bump) };
}

/** The same report with what checks said that could only be asked of a built version. They can raise the risk, and never lower it. */
export function addChecks(report: ImpactReport, later: readonly CheckResult[]): ImpactReport {
  const factors = [...report.factors, ...weighChecks(later)];
  return { ...report, checks: [...report.checks, ...later], factors, score: scoreFactors(factors), risk: riskOf(factors) };
}

function countFiles(edits: readonly Edit[]): ImpactReport["files"] {
  const sum = (pick: (edit: Edit) => number) => edits.reduce((total, edit) => total + pick(edit), 0);
  return {
    changed: edits.length,
    added: edits.filter(({ status }) => status === "added").length,
    deleted: edits.filter(({ status }) => status === "deleted").length,
    addedLines: sum(({ addedLines }) => addedLines),
    deletedLines: sum(({ deletedLines }) => deletedLines),
    sample: edits.slice(0, SAMPLE).map(({ path }) => path),
  };
}

const some = <Item>(items: readonly Item[]) => ({ total: items.length, first: items.slice(0, NAMED) });
