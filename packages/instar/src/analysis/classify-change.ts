import { type Bump, type ImpactLevel, type ImpactReport, RISKS, type Risk, type UpdateType } from "@instar/protocol";
import type { ChangeEvidence } from "./weigh-change.ts";

export interface Classification {
  readonly updateType: UpdateType;
  readonly impactLevel: ImpactLevel;
  readonly impactBecause: string;
  readonly requiresReview: boolean;
}

export interface ClassifiedChange extends ChangeEvidence {
  /** What the commits between say of themselves, first lines. Believed only where it makes more of the change, never less. */
  readonly subjects: readonly string[];
  /** All changed files are configuration. */
  readonly isConfiguration: boolean;
  /** All changed lines only tell something to a log. */
  readonly isLogging: boolean;
  /** New files of code, or new public names. */
  readonly hasNewThings: boolean;
}

/** Which levels a person looks at by default (`self-updating-loop` §3.1). What applies, the operator's policy says. */
const REVIEWED: ReadonlySet<ImpactLevel> = new Set(["critical", "high"]);

/** The kind of update and how deep it reaches. Pure; the first rule that applies names the level, deepest first. */
export function classifyChange(change: ClassifiedChange): Classification {
  const updateType = classifyUpdateType(change);
  const [impactLevel, impactBecause] = classifyLevel(change, updateType);
  return { updateType, impactLevel, impactBecause, requiresReview: REVIEWED.has(impactLevel) };
}

const SAYS_SECURITY = /\b(CVE-\d{4}-\d+|GHSA-[\w-]+|security|vulnerabilit(y|ies)|exploit)\b/i;
const SAYS_HOTFIX = /\bhot-?fix\b/i;

/** The specification's types. What upstream says of itself nobody has proved. */
export function classifyUpdateType({
  subjects,
  isConfiguration,
  changed,
  bump,
}: Pick<ClassifiedChange, "subjects" | "isConfiguration" | "changed" | "bump">): UpdateType {
  if (subjects.some((subject) => SAYS_SECURITY.test(subject))) return "security";
  if (subjects.some((subject) => SAYS_HOTFIX.test(subject))) return "hotfix";
  if (changed > 0 && isConfiguration) return "config";
  return bump === "major" || bump === "minor" ? bump : "patch";
}

/** The specification's examples stand in brackets: `core_loop_modification` and the like. */
function classifyLevel(change: ClassifiedChange, updateType: UpdateType): readonly [ImpactLevel, string] {
  const touched = (kind: string, mustWeaken = false) => change.touches.find((touch) => touch.kind === kind && (touch.weakens || !mustWeaken));
  const rules: readonly (readonly [ImpactLevel, string | undefined])[] = [
    ["critical", updateType === "security" ? "it says that it mends a security fault [security_vulnerability_fix]" : undefined],
    ["critical", because(touched("policy", true), "policy is loosened")],
    ["critical", because(touched("sign-in", true), "who may do what is loosened")],
    ["critical", isCore(change) ? "it changes what everything else of the agent runs on [core_loop_modification]" : undefined],
    ["high", because(touched("migrations"), "the shape of the state changes [database_schema_update]")],
    ["high", change.removedApi.length > 0 ? `${change.removedApi[0]} is gone [api_change]` : undefined],
    ["high", change.bump === "major" || change.bump === "downgrade" ? `the version is a ${change.bump} [api_change]` : undefined],
    ["high", because(touched("policy"), "policy is touched")],
    [
      "high",
      because(
        change.touches.find(({ kind, by }) => kind === "sign-in" && by === "name"),
        "sign-in is touched",
      ),
    ],
    ["high", because(touched("tests", true), "a test that judges it is weakened")],
    ["high", because(touched("test-settings", true), "what makes tests count is weakened")],
    ["high", because(touched("ci", true), "what checks it elsewhere is weakened")],
    [
      "high",
      change.checks.some(({ check, verdict }) => verdict === "fail" && (check === "syntax" || check === "imports" || check === "security"))
        ? "a check of the code failed"
        : undefined,
    ],
    ["high", change.reach.unexplained.length > 0 ? "no graph explains part of it: it may affect everything" : undefined],
    ["low", change.effective.length === 0 ? "nothing that can change behaviour [documentation_update]" : undefined],
    ["low", change.isLogging ? "only what is told to logs changes [logging_improvement]" : undefined],
    ["medium", change.hasNewThings ? "something new comes in [feature_addition]" : undefined],
    ["medium", "code changes in a part of the agent"],
  ];
  const [level, why] = rules.find(([, reason]) => reason !== undefined) ?? ["medium", ""];
  return [level, why ?? ""];
}

const because = (found: { readonly path: string } | undefined, why: string) => (found === undefined ? undefined : `${why}: ${found.path}`);

/** The core: code of an agent of some size that nearly all of it runs through. In an agent of a few files every file would be. */
const CORE_SHARE = 0.5;
const CORE_MODULES = 20;

function isCore({ reach, effective }: ClassifiedChange): boolean {
  return effective.length > 0 && reach.total >= CORE_MODULES && reach.affected / reach.total >= CORE_SHARE;
}

/** `self-updating-loop` §3.3: what going back would take. */
export function planRollback(change: Pick<ClassifiedChange, "touches" | "changed" | "dependencies">): Omit<ImpactReport["rollback"], "estimatedMs"> {
  const migrations = change.touches.filter(({ kind }) => kind === "migrations");
  if (migrations.some(({ weakens }) => weakens)) return { complexity: "critical", because: "state is taken away: only the snapshot brings it back" };
  if (migrations.length > 0) return { complexity: "complex", because: "the shape of the state changes: the snapshot may have to go back with the code" };
  if (change.changed > 1 || change.dependencies.length > 0) return { complexity: "moderate", because: "several files, and no state" };
  return { complexity: "simple", because: "one file, and no state" };
}

/** How long a version of this risk should be watched, hours (`autoupdater-and-handshake`, observation windows). */
const WATCH_HOURS: Readonly<Record<Risk, number>> = { minimal: 1, low: 1, medium: 6, high: 24, critical: 72 };

export function planRecommendations(
  report: Pick<ImpactReport, "risk" | "requiresReview" | "impactBecause" | "touches" | "conflicts" | "checks" | "requiredTests" | "rollback">,
  watchMs: number,
  bump: Bump,
): string[] {
  const weakened = report.touches.first.filter(({ weakens }) => weakens).length;
  const watchHours = WATCH_HOURS[report.risk];
  const unasked = report.checks.filter(({ verdict }) => verdict === "nodata" || verdict === "error").map(({ check }) => check);
  const all: readonly (string | false)[] = [
    report.requiresReview && `A person should look at it before it goes on: ${report.impactBecause}.`,
    weakened > 0 && "Run the tests of the version that runs now against it: its own were weakened.",
    report.conflicts.some(({ blocks }) => blocks) && "Settle the conflicts: it cannot go on by itself.",
    report.rollback.complexity === "critical" && "Try it on a copy of the state first.",
    report.requiredTests.total === 1 && "Run the test that reaches it first.",
    report.requiredTests.total > 1 && `Run the ${report.requiredTests.total} tests that reach it first.`,
    unasked.length > 0 && `Not checked here: ${unasked.join(", ")}.`,
    bump !== "first" &&
      RISKS.indexOf(report.risk) >= RISKS.indexOf("medium") &&
      watchMs < watchHours * 3_600_000 &&
      `Watch it for ${watchHours} h; instar.yaml says ${renderHours(watchMs)}.`,
  ];
  return all.filter((each) => each !== false);
}

const renderHours = (ms: number) => (ms >= 3_600_000 ? `${Math.round(ms / 360_000) / 10} h` : `${Math.round(ms / 1_000)} s`);
