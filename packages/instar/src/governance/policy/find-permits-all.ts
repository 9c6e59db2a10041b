import type { PolicyProblem } from "@instar/protocol";
import { cedar } from "./cedar.ts";
import type { Policy } from "./policy.ts";
import { type PolicyRequest, planAnswerRequest, planOperationRequest, planProceedRequest } from "./policy-request.ts";
import type { UpdateFacts } from "./update-facts.ts";

/**
 * Policies that permit everything, however they are written. Each is asked alone what no policy should permit; one that permits all of it is refused. Against
 * what always holds it would be without effect there, and everywhere else it would open every gate.
 */
export function findPermitsAll(policies: readonly Policy[], schema: string): PolicyProblem[] {
  return policies
    .filter(({ effect }) => effect === "permit")
    .filter(({ text }) => PROBES.every((probe) => isPermitted(text, probe, schema)))
    .map(({ id, file }) => ({ file, line: null, policy: id, severity: "error", message: "it permits everything to everybody: say who, what, or when" }));
}

function isPermitted(text: string, { principal, action, resource, context, entities }: PolicyRequest, schema: string): boolean {
  const answer = cedar().isAuthorized({
    principal,
    action: { type: "Instar::Action", id: action },
    resource,
    context: context as never,
    schema,
    validateRequest: true,
    policies: { staticPolicies: { alone: text } },
    entities: [...entities],
  });
  return answer.type === "success" && answer.response.decision === "allow";
}

const WORST: UpdateFacts = {
  kind: "code",
  trigger: "found",
  startedBy: "system",
  starter: "instar",
  updateType: "security",
  bump: "downgrade",
  impactLevel: "critical",
  risk: "critical",
  score: 100,
  touches: ["tests", "policy", "sign-in", "migrations"],
  weakens: ["tests", "policy", "sign-in", "migrations"],
  dependencies: 1_000,
  installScripts: true,
  failedChecks: ["syntax", "security"],
  tests: "fail",
  rehearsal: "fail",
  isConfined: false,
  untested: true,
  quarantined: true,
  lessons: 9,
  origin: "none",
  originBy: "",
  authors: [],
};
const CONTEXT = {
  settings: { automaticRank: -1, approvalFor: ["low", "medium", "high", "critical"], riskLimit: 0, quorum: 20, accepts: ["tuf"] },
  calendar: { frozen: true, outsideWindows: true },
};
const PROBES: readonly PolicyRequest[] = [
  planProceedRequest("proceed", WORST, CONTEXT),
  planOperationRequest({ name: "somebody", role: "viewer" }, "token.create"),
  planAnswerRequest({ name: "something", role: "agent" }, "update.approve", WORST, { isAuthor: true, isStarter: true, others: 9 }),
];
