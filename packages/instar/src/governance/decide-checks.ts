import type { CheckName, CheckResult } from "@instar/protocol";

export type CheckGates = Readonly<Record<CheckName, "off" | "reported" | "required">>;

/** Whether what was asked of the code lets it go on. Pure. A required check that found nothing out is no pass. */
export function decideChecks(
  checks: readonly Pick<CheckResult, "check" | "verdict" | "because">[],
  gates: CheckGates,
): { readonly refusedBecause: string | null } {
  const failed = checks.find(({ check, verdict }) => gates[check] === "required" && verdict !== "pass");
  if (failed === undefined) return { refusedBecause: null };
  const how = failed.verdict === "fail" ? failed.because : `it was not measured: ${failed.because}`;
  return { refusedBecause: `the ${failed.check} check, which instar.yaml requires: ${how}` };
}
