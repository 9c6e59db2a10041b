import type { CheckName, CheckResult } from "@instar/protocol";

export type CheckGates = Readonly<Record<CheckName, "off" | "reported" | "no-worse" | "required">>;

/**
 * Whether what was asked of the code lets it go on. Pure. A required check that found nothing out is no pass; one that only must not get worse is silent
 * about what it could not read, which the risk then tells.
 */
export function decideChecks(
  checks: readonly Pick<CheckResult, "check" | "verdict" | "because">[],
  gates: CheckGates,
): { readonly refusedBecause: string | null } {
  const failed = checks.find(
    ({ check, verdict }) => (gates[check] === "required" && verdict !== "pass") || (gates[check] === "no-worse" && verdict === "fail"),
  );
  if (failed === undefined) return { refusedBecause: null };
  const how = failed.verdict === "fail" ? failed.because : `it was not measured: ${failed.because}`;
  return { refusedBecause: `the ${failed.check} check (${gates[failed.check]}): ${how}` };
}
