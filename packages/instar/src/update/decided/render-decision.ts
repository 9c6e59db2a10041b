import { weighOpinion } from "../../governance/model/weigh-opinion.ts";
import type { DecisionRecord } from "./decision-record.ts";

/** The decision as one paragraph, for whoever is woken by it: what it is, what was measured, who said what, what it comes to. Pure. */
export function renderDecision(record: Omit<DecisionRecord, "because">): string {
  const { facts, policy, model } = record;
  const sentences = [
    `${record.version}: ${sayStep(facts)} of ${facts.impactLevel} impact (${record.impactBecause}) and ${facts.risk} risk (${facts.score} of 100).`,
    `${capital(record.gates)}.`,
    `${capital(record.rehearsal)}.`,
    ...(facts.origin === "none" ? [] : [`${facts.originBy} vouches for it (${facts.origin}).`]),
    ...(facts.lessons === 0 ? [] : [`A change like it went wrong before${facts.lessons === 1 ? "" : `, ${facts.lessons} times`}.`]),
    `The policies ${sayPolicy(policy)}.`,
    ...(model === null ? [] : [`${capital(weighOpinion(model.word, model.limits).because)}.`]),
    sayEnd(record),
  ];
  return sentences.map((sentence) => sentence.replace(/[.\s]*\.$/, ".")).join(" ");
}

function sayStep({ bump, updateType, startedBy, starter, trigger }: DecisionRecord["facts"]): string {
  const who = startedBy === "agent" ? `proposed by the agent ${starter}` : startedBy === "user" ? `started by ${starter}` : "found upstream";
  if (trigger === "first") return `the first version, ${who}, with changes`;
  const type = updateType === bump ? "" : ` (${updateType})`;
  return `a ${bump === "none" ? "step without a new version" : bump === "downgrade" ? "step down" : `${bump} step`}${type}, ${who},`;
}

function sayPolicy(policy: DecisionRecord["policy"]): string {
  switch (policy.kind) {
    case "proceed":
      return `let it proceed: ${policy.because}`;
    case "approval":
      return `ask for the word of ${people(policy.quorum ?? 1)}${signed(policy)}: ${policy.because}`;
    case "later":
      return `let it ${policy.afterwards === "approval" ? `wait for the word of ${people(policy.quorum ?? 1)}${signed(policy)} and then ` : ""}proceed at another time: ${policy.because}`;
    case "refused":
      return policy.isBroken === true ? `deny everything: ${policy.because}` : `refuse it: ${policy.because}`;
    default:
      return policy.kind satisfies never;
  }
}

function sayEnd({ comesTo, policy, facts, model }: Omit<DecisionRecord, "because">): string {
  switch (comesTo) {
    case "proceed":
      return "So it proceeds.";
    case "approval":
      return policy.kind === "approval" || model === null
        ? "So it waits for approval."
        : "So it waits for approval, which the policies alone would not have asked for.";
    case "later":
      return "So it waits.";
    case "refused":
      return policy.kind === "refused"
        ? "So it does not proceed."
        : `So it does not proceed; a person can start it with \`instar update apply\`${facts.impactLevel === "critical" ? ", and it then waits for approval" : ""}.`;
    default:
      return comesTo satisfies never;
  }
}

const signed = ({ passkey }: DecisionRecord["policy"]) => (passkey === true ? ", signed by a passkey" : "");
const people = (count: number) => (count === 1 ? "one person" : `${count} people`);
const capital = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
