import type { LoopState, Outcome, UpdateView } from "@instar/protocol";

const OUTCOMES: Readonly<Record<Outcome, { readonly word: string; readonly tone: string }>> = {
  committed: { word: "✓ committed", tone: "good" },
  "rolled-back": { word: "↶ rolled back", tone: "bad" },
  refused: { word: "✕ refused", tone: "bad" },
  cancelled: { word: "– cancelled", tone: "none" },
  superseded: { word: "» superseded", tone: "none" },
  "stuck-resolved": { word: "✓ stuck, resolved", tone: "wait" },
};

const STATES: Readonly<Record<LoopState, string>> = {
  idle: "idle",
  detecting: "fetching",
  analyzing: "analysing",
  validating: "testing",
  staging: "building",
  approving: "deciding",
  applying: "exchanging",
  verifying: "watching",
  committing: "committing",
  rolling_back: "going back",
  error: "stuck",
};

type Shown = Pick<UpdateView, "outcome" | "state" | "steps">;

/** Its sign is part of the word: a colour alone tells nobody enough. */
export function wordOfUpdate({ outcome, state, steps }: Shown): string {
  if (outcome !== null) return OUTCOMES[outcome].word;
  if (state === "error") return "! stuck";
  return steps.some((step) => step.state === "waiting" && step.id === "approve") ? "… waits for approval" : `● ${STATES[state]}`;
}

export function toneOfUpdate({ outcome, state, steps }: Shown): string {
  if (outcome !== null) return OUTCOMES[outcome].tone;
  if (state === "error" || state === "rolling_back") return "bad";
  return steps.some((step) => step.state === "waiting" && step.id === "approve") ? "wait" : "live";
}
