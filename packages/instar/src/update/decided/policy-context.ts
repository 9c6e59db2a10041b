import { createHash } from "node:crypto";
import { type Calendar, planCalendar } from "../../governance/plan-calendar.ts";
import type { PolicyContext } from "../../governance/policy/policy-request.ts";
import type { PolicySet } from "../../governance/policy/policy-set.ts";
import { bumpRank, riskRank } from "../../governance/policy/update-facts.ts";
import type { Settings } from "../../settings/settings.ts";

/** What of the settings and of the time policies may look at. */
export function planPolicyContext(
  settings: Pick<Settings, "updates" | "approvals" | "decision" | "source">,
  wallMs: number,
): { context: PolicyContext; calendar: Calendar } {
  const calendar = planCalendar(settings.updates, wallMs);
  const { automatic } = settings.updates;
  return {
    calendar,
    context: {
      settings: {
        automaticRank: automatic === "never" ? -1 : bumpRank(automatic),
        approvalFor: settings.approvals.for,
        riskLimit: riskRank(settings.decision.approvalAboveRisk),
        quorum: settings.approvals.quorum,
        accepts: [...settings.source.accept],
        // Named only where it holds: what was approved before there was such a word stays approved.
        ...(settings.approvals.passkey === "required" ? { passkey: true as const } : {}),
      },
      calendar: { frozen: calendar.frozen, outsideWindows: calendar.outsideWindows },
    },
  };
}

/** Of everything that an approval is given under: the policies, and the settings that they look at. */
export function digestOfRules(set: Pick<PolicySet, "digest">, { settings }: PolicyContext): string {
  return `sha256:${createHash("sha256")
    .update(JSON.stringify([set.digest, settings]))
    .digest("hex")}`;
}
