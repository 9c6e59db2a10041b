import type { Gate, ObservationLimits } from "../observation-limits.ts";
import type { TriggerFinding } from "./trigger-finding.ts";

/**
 * The operator's word on each trigger. What is only said (an alarm that a person saw, how near a threshold is) stays so; what would do something does what the operator wants instead.
 */
export function applyGates(findings: readonly TriggerFinding[], gates: ObservationLimits["gates"] = {}): TriggerFinding[] {
  return findings.flatMap((finding) => {
    const gate: Gate | undefined = gates[finding.trigger];
    if (gate === "off") return [];
    return gate === undefined || finding.gate === "report" ? finding : { ...finding, gate };
  });
}
