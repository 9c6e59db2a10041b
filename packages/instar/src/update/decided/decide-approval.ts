import type { ErrorCode } from "@instar/protocol";
import { countApprovals } from "../../governance/approvals/count-approvals.ts";
import { decideProceeding, wantsPasskey } from "../../governance/policy/decide-proceeding.ts";
import type { PolicySet } from "../../governance/policy/policy-set.ts";
import { asksOf } from "./decide-update.ts";
import type { ApprovalRecord, DecisionRecord } from "./decision-record.ts";

export type ApprovalQuestion = Omit<ApprovalRecord, "policy" | "wantsPasskey" | "comesTo" | "because">;

export interface ApprovalDecision {
  readonly record: ApprovalRecord;
  /** What it waits for, where it does. */
  readonly waitsFor: "approval" | "window" | "operator" | null;
  /** Whose no it was, where it was one. */
  readonly code: ErrorCode | null;
}

/**
 * Whether an update that was decided upon may be exchanged now, by the policies as they are now. Pure. Policy first: what it refuses, no number of people lets
 * through. Then people: one who rejects it ends it. Time alone only ever ends it.
 */
export function decideApproval(question: ApprovalQuestion, decided: Pick<DecisionRecord, "facts" | "model">, set: PolicySet): ApprovalDecision {
  const outcome = decideProceeding(set, decided.facts, question.context);
  const policy = { ...outcome, policies: [...outcome.policies] };
  const isPasskeyWanted = planPasskey(policy, decided, question.context, set);
  const make = (comesTo: ApprovalRecord["comesTo"], because: string, more: Partial<ApprovalDecision> = {}): ApprovalDecision => ({
    record: { ...question, policy, wantsPasskey: isPasskeyWanted, comesTo, because },
    waitsFor: null,
    code: null,
    ...more,
  });
  const { rejected } = question;
  if (rejected !== null) return make("refused", `${rejected.by} rejected it${rejected.because === "" ? "" : `: ${rejected.because}`}`, { code: "REJECTED" });
  // A mistake in the policies is not the candidate's: nothing proceeds, and it is asked again when they are mended.
  if (policy.kind === "refused" && policy.isBroken === true) return make("wait", `nothing proceeds: ${policy.because}`, { waitsFor: "operator" });
  if (policy.kind === "refused") return make("refused", `the policies as they are now refuse it: ${policy.because}`, { code: "POLICY_DENIED" });

  const quorum = planQuorum(policy, decided, question.context);
  if (quorum > 0) {
    const count = countApprovals({ ...question, quorum, policy: question.rules, signed: isPasskeyWanted ? question : null });
    if (!count.isEnough && question.waitedMs >= question.waitForMs)
      return make("refused", `nobody's word came in time: ${count.because}`, { code: "NOT_APPROVED" });
    if (!count.isEnough)
      return make(
        "wait",
        `${count.because}. ${isPasskeyWanted ? "Open the console (`instar console`)," : "`instar update approve`"} or \`instar update reject\``,
        { waitsFor: "approval" },
      );
    if (policy.kind === "later") return make("wait", `${count.because}; ${policy.because}`, { waitsFor: "window" });
    return make("passed", count.because);
  }
  if (policy.kind === "later") return make("wait", policy.because, { waitsFor: "window" });
  return make("passed", "nobody's word is needed");
}

/** Whether only what a passkey signed counts: where the policies ask for people as they say, and where a model alone does as they would if they did. */
export function planPasskey(
  policy: ApprovalRecord["policy"],
  { model, facts }: Pick<DecisionRecord, "facts" | "model">,
  context: ApprovalRecord["context"],
  set: PolicySet,
): boolean {
  if (policy.kind === "approval" || policy.afterwards === "approval") return policy.passkey === true;
  return asksOf(model, facts) !== "nothing" && wantsPasskey(set, facts, context);
}

/** How many people must approve it: what the policies ask for, and where a model asked for a person, what the settings ask for. */
export function planQuorum(
  policy: ApprovalRecord["policy"],
  { model, facts }: Pick<DecisionRecord, "facts" | "model">,
  { settings }: Pick<ApprovalRecord["context"], "settings">,
): number {
  const ofPolicy = policy.kind === "approval" || policy.afterwards === "approval" ? (policy.quorum ?? settings.quorum) : 0;
  return asksOf(model, facts) === "nothing" ? ofPolicy : Math.max(ofPolicy, settings.quorum);
}
