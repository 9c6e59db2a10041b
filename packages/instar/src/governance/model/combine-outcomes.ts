/** What a gate says of an update: it goes on, a person is asked first, or it does not go on. */
export const OUTCOMES = ["proceed", "approval", "refused"] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What is asked for on top of that. There is no word for less. */
export type Asks = "nothing" | "approval" | "refusal";

const OUTCOME_OF: Readonly<Record<Asks, Outcome>> = { nothing: "proceed", approval: "approval", refusal: "refused" };

/** The more cautious of the two. A model that says yes leaves the policy's outcome as it is, whatever it was. */
export function mostCautious(policy: Outcome, model: Asks): Outcome {
  return OUTCOMES[Math.max(OUTCOMES.indexOf(policy), OUTCOMES.indexOf(OUTCOME_OF[model]))] ?? "refused";
}
