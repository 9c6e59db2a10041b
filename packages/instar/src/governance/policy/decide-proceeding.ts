import { askPolicies } from "./ask-policies.ts";
import type { Policy } from "./policy.ts";
import { type PolicyContext, planProceedRequest } from "./policy-request.ts";
import type { PolicySet } from "./policy-set.ts";
import type { UpdateFacts } from "./update-facts.ts";

/** What the policies say of an update. `later`: they would let it go on at another time, and say no now. */
export type PolicyOutcome =
  | { readonly kind: "proceed"; readonly policies: readonly string[]; readonly because: string }
  | { readonly kind: "approval"; readonly quorum: number; readonly passkey?: true; readonly policies: readonly string[]; readonly because: string }
  | {
      readonly kind: "later";
      readonly afterwards: "proceed" | "approval";
      readonly quorum: number;
      readonly passkey?: true;
      readonly policies: readonly string[];
      readonly because: string;
    }
  | { readonly kind: "refused"; readonly isBroken: boolean; readonly policies: readonly string[]; readonly because: string };

const OPEN = { frozen: false, outsideWindows: false } as const;

/**
 * Asks twice: may it go on without anybody's word; if not, may it with the word of people. Where both are refused and the calendar alone stands against it, it
 * waits. Pure: the same facts, settings, calendar and policies always come to the same.
 */
export function decideProceeding(set: PolicySet, facts: UpdateFacts, context: PolicyContext): PolicyOutcome {
  const now = decideNow(set, facts, context);
  if (now.kind !== "refused" || now.isBroken) return now;
  const then = decideNow(set, facts, { ...context, calendar: OPEN });
  if (then.kind !== "proceed" && then.kind !== "approval") return now;
  const people = then.kind === "approval" ? { quorum: then.quorum, ...(then.passkey === true ? { passkey: true as const } : {}) } : { quorum: 0 };
  return { kind: "later", afterwards: then.kind, ...people, policies: now.policies, because: now.because };
}

function decideNow(set: PolicySet, facts: UpdateFacts, context: PolicyContext): Exclude<PolicyOutcome, { kind: "later" }> {
  const alone = askPolicies(set, planProceedRequest("proceed", facts, context));
  if (alone.isAllowed) return { kind: "proceed", policies: alone.policies.map(({ id }) => id), because: alone.because };
  const approved = askPolicies(set, planProceedRequest("proceedWithApproval", facts, context));
  if (approved.isAllowed)
    return {
      kind: "approval",
      quorum: Math.max(context.settings.quorum, ...approved.policies.map(({ approvals }) => approvals)),
      ...(isPasskeyAmong(approved.policies, context) ? { passkey: true as const } : {}),
      policies: [...alone.policies, ...approved.policies].map(({ id }) => id),
      because: alone.policies.length > 0 ? alone.because : sayWhyPeople(facts, context),
    };
  return { kind: "refused", isBroken: !set.isSound, policies: approved.policies.map(({ id }) => id), because: approved.because };
}

/**
 * Whether people's word on it counts only where a passkey signed it: as instar.yaml says, or one of the policies that leave it to people. Also asked where the
 * policies would let it go and a model asked for a person.
 */
export function wantsPasskey(set: PolicySet, facts: UpdateFacts, context: PolicyContext): boolean {
  return isPasskeyAmong(askPolicies(set, planProceedRequest("proceedWithApproval", facts, context)).policies, context);
}

const isPasskeyAmong = (policies: readonly Policy[], { settings }: PolicyContext): boolean =>
  settings.passkey === true || policies.some(({ passkey }) => passkey);

/** Where nothing forbade it and nothing let it go by itself, what about it asked for a person. */
function sayWhyPeople({ impactLevel, risk, bump, startedBy }: UpdateFacts, { settings }: PolicyContext): string {
  const reasons = [
    settings.approvalFor.includes(impactLevel) ? `its impact is ${impactLevel}` : undefined,
    isAbove(risk, settings.riskLimit) ? `its risk is ${risk}` : undefined,
  ].filter((each) => each !== undefined);
  const why =
    reasons.length > 0 ? reasons.join(" and ") : `nothing lets a ${bump} step${startedBy === "agent" ? " that an agent proposed" : ""} go on by itself`;
  return `${why}, so a person must approve it`;
}

const ORDER = ["minimal", "low", "medium", "high", "critical"];
const isAbove = (risk: string, limit: number) => ORDER.indexOf(risk) > limit;
