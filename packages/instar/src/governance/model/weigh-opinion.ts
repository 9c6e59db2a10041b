import { type ModelWord, type Opinion, RISKS, type Risk } from "@instar/protocol";
import { plainText } from "../../platform/plain-text.ts";
import type { DecisionSettings } from "../../settings/decision-settings.ts";
import type { Asks } from "./combine-outcomes.ts";

export interface Weighed {
  readonly asks: Asks;
  /** One sentence for the operator. */
  readonly because: string;
}

type Limits = Pick<DecisionSettings, "approveAbove" | "approvalAboveRisk" | "onFailure">;

const SHOWN = 300;

/** What a model's word comes to. Pure. The most that it can say is that nothing more is asked for; what the policy asks for stays. */
export function weighOpinion(word: ModelWord, limits: Limits): Weighed {
  if (word.kind === "said") return weighSaid(word.opinion, word.model, limits);
  const failed = `${word.model} gave no usable answer (${word.how}): ${plainText(word.because, SHOWN)}`;
  if (limits.onFailure === "reject") return { asks: "refusal", because: `${failed}; decision.onFailure refuses the update then` };
  return { asks: "approval", because: `${failed}; a person decides` };
}

function weighSaid(opinion: Opinion, model: string, { approveAbove, approvalAboveRisk }: Limits): Weighed {
  const reasoning = plainText(opinion.reasoning, SHOWN);
  if (opinion.decision === "reject") return { asks: "refusal", because: `${model} rejects it: ${reasoning}` };
  if (opinion.decision === "defer") return { asks: "approval", because: `${model} leaves it to a person: ${reasoning}` };
  // Not `<`: what cannot be compared is no approval either.
  if (!(opinion.confidence >= approveAbove))
    return {
      asks: "approval",
      because: `${model} approves it with a confidence of ${opinion.confidence} only; below ${approveAbove} (decision.approveAbove) a person decides: ${reasoning}`,
    };
  const high = Object.entries(opinion.riskAssessment).find(([, risk]) => isAbove(risk, approvalAboveRisk));
  if (high !== undefined)
    return {
      asks: "approval",
      because: `${model} approves it but sees a ${high[1]} ${high[0]} risk; above ${approvalAboveRisk} (decision.approvalAboveRisk) a person decides: ${reasoning}`,
    };
  return { asks: "nothing", because: `${model} approves it with a confidence of ${opinion.confidence}: ${reasoning}` };
}

const isAbove = (risk: Risk, limit: Risk) => RISKS.indexOf(risk) > RISKS.indexOf(limit);
