import type { UpdateEventView } from "@instar/protocol";

const DECISIONS = {
  start: ["good", "▸ begins"],
  hold: ["wait", "… waits for a person"],
  dismiss: ["none", "– dismissed"],
  nothing: ["none", "○ nothing new"],
} as const;

export function CandidateDecision({ decision }: { readonly decision: UpdateEventView["decision"] }) {
  const [tone, word] = DECISIONS[decision];
  return <span className={`badge badge-${tone}`}>{word}</span>;
}
