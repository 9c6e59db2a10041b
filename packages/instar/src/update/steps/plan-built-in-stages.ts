import { type CheckResult, checkResults, type Verdict } from "@instar/protocol";
import type { Settings } from "../../settings/settings.ts";
import type { Gives } from "../journal-entry.ts";

/** What Instar's own part of a stage is made of: checks of the analysis, and of the candidate's own tools. */
const PARTS = {
  syntax: ["syntax"],
  static_analysis: ["imports", "complexity", "types", "style"],
  security_scan: ["security"],
} as const;

export interface BuiltInStage {
  readonly verdict: Verdict;
  readonly because: string;
  /** Nothing of it may refuse: instar.yaml says so of the check itself. */
  readonly isReportedOnly: boolean;
}

const ORDER: readonly Verdict[] = ["pass", "nodata", "insufficient", "inconclusive", "error", "fail"];

/**
 * The stages of which earlier steps have found something out already: nothing is asked twice. What was not asked, because it is off or because there
 * was no version to compare with, is no part of a stage. Pure.
 */
export function planBuiltInStages(given: Gives, { checks }: Pick<Settings["analysis"], "checks">): ReadonlyMap<string, BuiltInStage> {
  const results = [...checksIn((given.impact as Record<string, unknown> | undefined)?.checks), ...checksIn(given.codeChecks)];
  return new Map(
    Object.entries(PARTS).flatMap(([stage, names]) => {
      const own = results.filter(({ check }) => (names as readonly string[]).includes(check) && checks[check] !== "off");
      if (own.length === 0) return [];
      const verdict = own.map((result) => result.verdict).reduce((worst, next) => (ORDER.indexOf(next) > ORDER.indexOf(worst) ? next : worst));
      const telling = own.filter((result) => result.verdict === verdict);
      return [
        [
          stage,
          {
            verdict,
            because: telling.map(({ check, because }) => `${check}: ${because}`).join("; "),
            isReportedOnly: own.every(({ check }) => checks[check] === "reported"),
          },
        ],
      ];
    }),
  );
}

function checksIn(value: unknown): CheckResult[] {
  const parsed = checkResults.safeParse(value);
  return parsed.success ? parsed.data : [];
}
