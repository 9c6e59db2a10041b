import { type Bump, type CheckResult, type DependencyChange, type Factor, RISKS, type Risk, type Touch, type TouchKind } from "@instar/protocol";

/** What is known of a change when its risk is weighed. Plain values: the same evidence always weighs the same. */
export interface ChangeEvidence {
  readonly bump: Bump;
  /** Changed files that can change what the agent does: no documents, and no source whose program stayed the same. */
  readonly effective: readonly string[];
  readonly changed: number;
  readonly reach: {
    /** Modules that are changed or reach a changed one, of all. */
    readonly affected: number;
    readonly total: number;
    readonly entryPoints: readonly string[];
    readonly unexplained: readonly string[];
    readonly unreadable: readonly string[];
    /** Whether any test reaches what was changed. */
    readonly isTested: boolean;
  };
  readonly touches: readonly Touch[];
  readonly dependencies: readonly DependencyChange[];
  readonly unreadLockfiles: readonly string[];
  readonly checks: readonly CheckResult[];
  /** Public names and routes that are gone. */
  readonly removedApi: readonly string[];
}

/** How many paths a factor names. */
const NAMED = 10;

/**
 * Why a change is risky: named factors, each with its points and, where a rule says so, a risk that it never falls below. Pure.
 * The points are a judgement, written down once: a reason that an operator would want to be woken for stands near 40, one to read in the morning near 10.
 */
export function weighChange(evidence: ChangeEvidence): Factor[] {
  return [
    ...weighVersion(evidence.bump),
    ...weighSize(evidence),
    ...weighReach(evidence),
    ...weighTouches(evidence.touches),
    ...weighDependencies(evidence),
    ...weighChecks(evidence.checks),
    ...weighApi(evidence.removedApi),
  ];
}

/**
 * The points together: each takes its share of what the others left of 100, so that no number of small reasons hides behind one large one and no
 * sum passes 100; more reasons never make less.
 */
export function scoreFactors(factors: readonly Factor[]): number {
  const left = factors.reduce((share, factor) => share * (1 - factor.weight / 100), 1);
  return Math.round((1 - left) * 1_000) / 10;
}

/** From which score on a risk begins. */
const RISK_FROM: Readonly<Record<Risk, number>> = { minimal: 0, low: 3, medium: 25, high: 50, critical: 75 };

export function riskOf(factors: readonly Factor[]): Risk {
  const score = scoreFactors(factors);
  const byScore = RISKS.findLastIndex((risk) => score >= RISK_FROM[risk]);
  const byRule = Math.max(0, ...factors.map((factor) => (factor.atLeast === null ? 0 : RISKS.indexOf(factor.atLeast))));
  return RISKS[Math.max(byScore, byRule)] ?? "critical";
}

function weighVersion(bump: Bump): Factor[] {
  switch (bump) {
    case "first":
    case "none":
    case "patch":
      return [];
    case "minor":
      return [weigh("version", 5, "low", "a minor version")];
    case "major":
      return [weigh("version", 35, "high", "a major version: its authors say that something breaks")];
    case "downgrade":
      return [weigh("version", 35, "high", "a lower version than the one that runs")];
    case "unknown":
      return [weigh("version", 15, "medium", "versions that cannot be compared")];
    default:
      return bump satisfies never;
  }
}

function weighSize({ effective, changed }: ChangeEvidence): Factor[] {
  if (changed === 0) return [weigh("size", 0, null, "no file changed")];
  if (effective.length === 0) return [weigh("size", 0, null, "only documents, comments or layout changed")];
  // Logarithmic: the step from one file to ten says more than the one from a hundred to a hundred and ten. 1 file: 3, 10: 11, 100: 21, 1,000: 30.
  const weight = Math.min(30, Math.round(Math.log2(1 + effective.length) * 30) / 10);
  return [weigh("size", weight, effective.length > 50 ? "medium" : "low", `${count(effective.length, "file")} that can change behaviour`, effective)];
}

function weighReach({ reach, effective }: ChangeEvidence): Factor[] {
  if (effective.length === 0) return [];
  const share = reach.total === 0 ? 1 : reach.affected / reach.total;
  return [
    ...(reach.affected === 0 ? [] : [weigh("reach", Math.round(share * 150) / 10, null, `it reaches ${reach.affected} of ${count(reach.total, "module")}`)]),
    ...listed("unexplained", 20, "medium", reach.unexplained, (first) => `no graph explains what uses ${first}: it counts as affecting everything`),
    ...listed("unreadable", 20, "medium", reach.unreadable, (first) => `${first} could not be read as what it is`),
    ...(reach.isTested || reach.affected === 0 ? [] : [weigh("untested", 10, null, "no test reaches what was changed")]),
  ];
}

interface TouchWeight {
  readonly touched: readonly [weight: number, atLeast: Risk];
  readonly weakened: readonly [weight: number, atLeast: Risk];
}

/** What a change lays hands on, and what it means when that takes something away. The rule is the second number; the first only adds up. */
const TOUCH_WEIGHTS: Readonly<Record<TouchKind, TouchWeight>> = {
  tests: { touched: [8, "medium"], weakened: [40, "high"] },
  "test-settings": { touched: [12, "medium"], weakened: [40, "high"] },
  ci: { touched: [12, "medium"], weakened: [30, "high"] },
  policy: { touched: [30, "high"], weakened: [60, "critical"] },
  "sign-in": { touched: [25, "high"], weakened: [60, "critical"] },
  migrations: { touched: [30, "high"], weakened: [60, "critical"] },
  runner: { touched: [12, "medium"], weakened: [35, "high"] },
  dependencies: { touched: [6, "medium"], weakened: [35, "high"] },
  environment: { touched: [5, "low"], weakened: [25, "medium"] },
  permissions: { touched: [15, "medium"], weakened: [40, "high"] },
};

/** Every agent speaks of tokens and sessions: a changed line that does so, in a file that is not about sign-in, is worth a look and no more. */
const SIGN_IN_WORDS: TouchWeight["touched"] = [10, "medium"];

function weighTouches(touches: readonly Touch[]): Factor[] {
  return Object.entries(TOUCH_WEIGHTS).flatMap(([kind, { touched, weakened }]) => {
    const ofKind = touches.filter((touch) => touch.kind === kind);
    const weakening = ofKind.filter((touch) => touch.weakens);
    const [first] = weakening.length > 0 ? weakening : ofKind;
    if (first === undefined) return [];
    const isSaidOnly = kind === "sign-in" && ofKind.every(({ by }) => by === "content");
    const [weight, atLeast] = weakening.length > 0 ? weakened : isSaidOnly ? SIGN_IN_WORDS : touched;
    const more = (weakening.length > 0 ? weakening : ofKind).length - 1;
    const because = `${first.path}${first.line === null ? "" : `:${first.line}`}: ${first.because}${more === 0 ? "" : ` (and ${more} more)`}`;
    return [
      weigh(
        weakening.length > 0 ? `${kind} weakened` : kind,
        weight,
        atLeast,
        because,
        (weakening.length > 0 ? weakening : ofKind).map(({ path }) => path),
      ),
    ];
  });
}

function weighDependencies({ dependencies, unreadLockfiles }: ChangeEvidence): Factor[] {
  const named = (changes: readonly DependencyChange[]) =>
    changes.map(({ name, from, to }) => `${name} ${from.join(", ")}${from.length > 0 && to.length > 0 ? " → " : ""}${to.join(", ")}`);
  const major = dependencies.filter(({ bump }) => bump === "major" || bump === "downgrade");
  const scripts = dependencies.filter(({ kind, installScripts }) => kind !== "removed" && installScripts === true);
  const concerning = dependencies.filter(({ concerns }) => concerns.length > 0);
  return [
    ...(dependencies.length === 0
      ? []
      : [
          weigh(
            "packages",
            Math.min(15, 4 + dependencies.length),
            "medium",
            `${count(dependencies.length, "package")} added, removed or changed`,
            named(dependencies),
          ),
        ]),
    ...listed("major package", 15, "medium", named(major), (first) => `${first}: a major step, or back`),
    ...listed("install scripts", 25, "high", named(scripts), (first) => `${first} runs a program of its own while it is installed`),
    ...listed(
      "package concerns",
      35,
      "high",
      concerning.map(({ name, concerns }) => `${name}: ${concerns.join(", ")}`),
      (first) => first,
    ),
    ...listed("unread lockfile", 25, "high", unreadLockfiles, (first) => `${first} could not be understood: which packages change is not known`),
  ];
}

/** What a failed check adds. An error in what runs weighs more than a matter of taste. */
const CHECK_WEIGHTS: Readonly<Record<CheckResult["check"], readonly [weight: number, atLeast: Risk | null]>> = {
  syntax: [70, "critical"],
  imports: [40, "high"],
  security: [40, "high"],
  types: [20, "medium"],
  complexity: [8, null],
  style: [4, null],
};

/** What checks add that were asked later than the rest. */
export function weighChecks(checks: readonly CheckResult[]): Factor[] {
  return checks.flatMap(({ check, verdict, because, findings }) => {
    if (verdict !== "fail") return [];
    const [weight, atLeast] = CHECK_WEIGHTS[check];
    return [weigh(`${check} check`, weight, atLeast, because, [...new Set(findings.first.filter(({ isNew }) => isNew).map(({ path }) => path))])];
  });
}

function weighApi(removed: readonly string[]): Factor[] {
  return listed("interface", 20, "medium", removed, (first) => `${first} is gone: who calls it will fail`);
}

function listed(name: string, weight: number, atLeast: Risk | null, items: readonly string[], say: (first: string) => string): Factor[] {
  const [first] = items;
  if (first === undefined) return [];
  return [weigh(name, weight, atLeast, `${say(first)}${items.length === 1 ? "" : ` (and ${items.length - 1} more)`}`, items)];
}

function weigh(name: string, weight: number, atLeast: Risk | null, because: string, paths: readonly string[] = []): Factor {
  return { name, weight, atLeast, because, paths: { total: paths.length, first: paths.slice(0, NAMED) } };
}

const count = (number: number, word: string) => `${number} ${word}${number === 1 ? "" : "s"}`;
