import type { RollbackPlan } from "@instar/protocol";

/** What going back would do, for the person who must decide. */
export function renderRollbackPlan({ target, parts, takes, lost, checks, verdict, because }: RollbackPlan): string {
  return [
    `back to ${target.version} (${target.release}, ${target.commit.slice(0, 10)}): ${target.because}`,
    ...parts.map(({ what, strategy, because: why }) => `  ${what.padEnd(14)} ${strategy}: ${why}`),
    `  ${"takes".padEnd(14)} ${takes.ms === null ? "not known" : `about ${Math.round(takes.ms)} ms`}: ${takes.because}`,
    `  ${"lost".padEnd(14)} ${lost.isKnown ? "" : "at least "}${lost.writes} acknowledged writes: ${lost.because}`,
    ...lost.files.first.slice(0, 10).map((file) => `    ${file}`),
    ...(lost.files.total > 10 ? [`    … ${lost.files.total} files of the state in all`] : []),
    "  checks",
    ...checks.map((check) => `    ${check.verdict.padEnd(14)} ${check.check}: ${check.because}`),
    verdict === "fail" ? `It would be refused: ${because}` : "Nothing was changed.",
  ].join("\n");
}
