import { IMPACT_LEVELS, needOf, OPERATIONS, type Operation, RISKS, ROLES } from "@instar/protocol";
import { askPolicies } from "./ask-policies.ts";
import { decideProceeding } from "./decide-proceeding.ts";
import { HARMLESS_UPDATE, PLAIN_CONTEXT } from "./harmless-update.ts";
import { planAnswerRequest, planOperationRequest } from "./policy-request.ts";
import { type PolicySet, readPolicySet } from "./policy-set.ts";
import type { UpdateFacts } from "./update-facts.ts";

/** Who may do what to which update, asked of the policies that Instar brings, one cell at a time. A page for docs/. */
export function renderPolicyTable(): string {
  const set = readPolicySet([], { shipped: true });
  return `# Who may do what to which update

Made by \`npm run gen\` from the policies that Instar brings, with what instar.yaml says where it says nothing. \`instar policy explain\` answers the same for your
own policies and settings.

## Which update may proceed

✓ by itself · ○ once a person has approved it · ✗ not at all; with the policy that decides.

${renderUpdates(set)}

And whatever stands above:

${renderFacts(set)}

## Who may answer for an update that waits

${renderAnswers(set)}

## Who may do what else

${renderOperations(set)}
`;
}

const STARTS: readonly (readonly [words: string, facts: Partial<UpdateFacts>])[] = [
  ["found upstream, a patch", {}],
  ["found upstream, a minor step", { bump: "minor" }],
  ["found upstream, a security or hot fix", { updateType: "security" }],
  ["proposed by the agent, a patch", { startedBy: "agent", starter: "agent" }],
  ["proposed by the agent, touching its tests", { startedBy: "agent", starter: "agent", touches: ["tests"] }],
  ["started by a person", { startedBy: "user", starter: "ada", trigger: "by-hand" }],
  ["the first version", { startedBy: "user", starter: "ada", trigger: "first", bump: "first" }],
];

function renderUpdates(set: PolicySet): string {
  const levels = IMPACT_LEVELS.toReversed();
  const rows = STARTS.map(([words, facts]) => [words, ...levels.map((impactLevel) => say(set, { ...facts, impactLevel }))]);
  const byRisk = RISKS.map((risk) => [`found upstream, a patch of low impact and ${risk} risk`, say(set, { risk })]);
  return `${table(["", ...levels.map((level) => `${level} impact`)], rows)}\n\n${table(["", ""], byRisk)}`;
}

const MATTERS: readonly (readonly [words: string, facts: Partial<UpdateFacts>, accepts?: string[]])[] = [
  ["its tests failed", { tests: "fail" }],
  ["it was not tested", { tests: "nodata" }],
  ["it was not tested, and a person let it go on", { tests: "nodata", untested: true, startedBy: "user", starter: "ada", trigger: "by-hand" }],
  ["it was not tested, and the agent asked to let it go on", { tests: "nodata", untested: true, startedBy: "agent", starter: "agent" }],
  ["it misbehaved before, and a person tries it again", { quarantined: true, startedBy: "user", starter: "ada", trigger: "by-hand" }],
  ["it misbehaved before, and the agent asked for it again", { quarantined: true, startedBy: "agent", starter: "agent" }],
  ["`source.accept: [ssh]`, and its commit is signed", { origin: "ssh", originBy: "ada@example.org" }, ["ssh"]],
  ["`source.accept: [ssh]`, and nobody vouches for it", {}, ["ssh"]],
  ["`source.accept: [ssh]`, nobody vouches for it, and a person started it", { startedBy: "user", starter: "ada", trigger: "by-hand" }, ["ssh"]],
];

function renderFacts(set: PolicySet): string {
  return table(
    ["a patch of low impact, where", ""],
    MATTERS.map(([words, facts, accepts]) => [words, say(set, facts, accepts)]),
  );
}

function say(set: PolicySet, facts: Partial<UpdateFacts>, accepts: string[] = PLAIN_CONTEXT.settings.accepts): string {
  const context = { ...PLAIN_CONTEXT, settings: { ...PLAIN_CONTEXT.settings, accepts } };
  const said = decideProceeding(set, { ...HARMLESS_UPDATE, ...facts }, context);
  const sign = { proceed: "✓", approval: "○", later: "…", refused: "✗" }[said.kind];
  return `${sign} ${said.policies.map((id) => `\`${id}\``).join(", ")}`.trim();
}

const CASES = [
  ["anybody's", { isAuthor: false, isStarter: false, others: 1 }],
  ["his own change", { isAuthor: true, isStarter: false, others: 1 }],
  ["one that he started, and there are others who may", { isAuthor: false, isStarter: true, others: 1 }],
  ["one that he started, and there is nobody else", { isAuthor: false, isStarter: true, others: 0 }],
] as const;

function renderAnswers(set: PolicySet): string {
  const rows = CASES.map(([words, context]) => [
    words,
    ...ROLES.map((role) =>
      (["update.approve", "update.reject"] as const)
        .map((operation) => (askPolicies(set, planAnswerRequest({ name: "somebody", role }, operation, HARMLESS_UPDATE, context)).isAllowed ? "✓" : "✗"))
        .join(" "),
    ),
  ]);
  return table(["may approve, may reject", ...ROLES], rows);
}

function renderOperations(set: PolicySet): string {
  const rows = (OPERATIONS as readonly Operation[])
    .filter((operation) => needOf(operation) !== "answer")
    .map((operation) => [
      `\`${operation.name}\``,
      ...ROLES.map((role) => (askPolicies(set, planOperationRequest({ name: "somebody", role }, operation.name)).isAllowed ? "✓" : "✗")),
    ]);
  return table(["", ...ROLES], rows);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
