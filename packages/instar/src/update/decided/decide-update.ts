import type { ErrorCode } from "@instar/protocol";
import { mostCautious } from "../../governance/model/combine-outcomes.ts";
import { weighOpinion } from "../../governance/model/weigh-opinion.ts";
import { decideProceeding, type PolicyOutcome } from "../../governance/policy/decide-proceeding.ts";
import type { PolicySet } from "../../governance/policy/policy-set.ts";
import type { DecisionRecord } from "./decision-record.ts";
import { renderDecision } from "./render-decision.ts";

export type DecisionQuestion = Omit<DecisionRecord, "policy" | "comesTo" | "because">;

/**
 * The decision on an update, from what was written down and nothing else. Pure: whoever has the record and the texts that it names comes to the same words.
 * The policies are first; a model can only make it more cautious; and where a person started the update, a model that rejects it asks for a person's word and no
 * more, since people come before models.
 */
export function decideUpdate(question: DecisionQuestion, set: PolicySet): DecisionRecord {
  const policy = decideProceeding(set, question.facts, question.context);
  const comesTo = combine(policy, question);
  const record = { ...question, policy: { ...policy, policies: [...policy.policies] }, comesTo };
  return { ...record, because: renderDecision(record) };
}

function combine(policy: PolicyOutcome, { model, facts }: DecisionQuestion): DecisionRecord["comesTo"] {
  if (policy.kind === "refused") return "refused";
  if (policy.kind === "later" || model === null) return asksOf(model, facts) === "refusal" ? "refused" : policy.kind;
  return mostCautious(policy.kind, asksOf(model, facts));
}

/** What the model's word adds to what the policies ask for. */
export function asksOf(model: DecisionQuestion["model"], facts: DecisionQuestion["facts"]): "nothing" | "approval" | "refusal" {
  if (model === null) return "nothing";
  const { asks } = weighOpinion(model.word, model.limits);
  return asks === "refusal" && facts.startedBy === "user" ? "approval" : asks;
}

/** Whose no it was. */
export function codeOfRefusal({ policy }: Pick<DecisionRecord, "policy">): ErrorCode {
  if (policy.kind !== "refused") return "MODEL_REJECTED";
  return policy.isBroken === true ? "POLICY_INVALID" : "POLICY_DENIED";
}
