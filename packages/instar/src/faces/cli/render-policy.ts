import type { ApprovalView, DecisionEvidence, OutputOf, PolicyAnswerView, PolicyCheckView, PolicySaid, PolicyTestView, SimulationView } from "@instar/protocol";

/** What waits or waited for people: the decision, whose word there is, what is still needed. */
export function renderApproval(view: ApprovalView): string {
  const { update, versionFrom, versionTo, state, because, decision, digest, quorum, passkey, answers, until } = view;
  return [
    `${update}  ${versionFrom === null ? "" : `${versionFrom} → `}${versionTo}  ${state}: ${because}`,
    ...(decision === "" ? [] : [`  ${decision}`]),
    ...(digest === null ? [] : [`  digest     ${digest}`]),
    ...(quorum === 0
      ? []
      : [
          `  approvals  ${answers.filter(({ counts }) => counts).length} of ${quorum}${passkey ? ", each signed by a passkey" : ""}${until === null ? "" : `, waits until ${until}`}`,
        ]),
    ...answers.map(({ by, role, at, because: why, until: good, voidBecause, passkey: signedBy }) =>
      voidBecause === null
        ? `             ${by} (${role}) ${at}${why === "" ? "" : `: ${why}`}; ${signedBy === null ? "" : "signed by a passkey, "}good until ${good}`
        : `             ${by} (${role}) ${at}: does not count, ${voidBecause}`,
    ),
  ].join("\n");
}

export function renderPolicyCheck({ verdict, because, digest, policies, problems }: PolicyCheckView): string {
  const own = policies.filter(({ file }) => !file.startsWith("instar:"));
  return [
    `${verdict}: ${because}`,
    ...problems.map(
      ({ file, line, policy, severity, message }) =>
        `  ${severity}  ${file}${line === null ? "" : `:${line}`}${policy === null ? "" : ` [${policy}]`}: ${message}`,
    ),
    ...own.map(({ id, file, effect, because: why }) => `  ${effect.padEnd(6)}  ${id}  ${file}${why === null ? "" : `: ${why}`}`),
    `  ${policies.length - own.length} that Instar brings (\`instar policy show\`), ${own.length} of your own; ${digest}`,
  ].join("\n");
}

export function renderPolicyAnswer({ update, roles }: PolicyAnswerView): string {
  if (update === null)
    return roles.map(({ role, operation, isAllowed, because }) => `${role.padEnd(9)} ${isAllowed ? "may" : "may not"} ${operation}: ${because}`).join("\n");
  const facts = Object.entries(update.facts).filter(([, value]) => !(Array.isArray(value) && value.length === 0));
  return [
    `update ${update.id} to ${update.versionTo}`,
    ...(update.recorded === null ? [] : [`  then  ${renderSaid(update.recorded)}`]),
    `  now   ${renderSaid(update.now)}`,
    "  facts",
    ...facts.map(([name, value]) => `    ${name.padEnd(14)} ${Array.isArray(value) ? value.join(", ") : String(value)}`),
  ].join("\n");
}

export function renderSimulation({ because, updates }: SimulationView): string {
  const lines = updates.map(({ id, versionTo, ended, recorded, would, differs }) =>
    differs
      ? `✱ ${id}  ${versionTo} (${ended ?? "under way"}): was ${renderSaid(recorded)}; would be ${renderSaid(would)}`
      : `  ${id}  ${versionTo} (${ended ?? "under way"}): ${recorded.outcome}`,
  );
  return [...lines, because].join("\n");
}

export function renderPolicyTests({ because, tests }: PolicyTestView): string {
  return [
    ...tests.map(({ file, name, verdict, because: why }) => `${verdict === "pass" ? "✔" : "✘"} ${file}: ${name}${why === "" ? "" : `: ${why}`}`),
    because,
  ].join("\n");
}

/** Below the paragraph: which policies, and what a model said and was asked. */
export function renderDecisionEvidence({ policy, policies, model }: DecisionEvidence): string[] {
  const said = `policies     ${policy.policies.join(", ") || "none permits it"} (${policies})`;
  if (model === null) return [said];
  const { word } = model;
  const texts = `asked ${word.promptDigest ?? "nothing"}, answered ${word.answerDigest ?? "nothing"}: \`instar document show\``;
  if (word.kind === "failed") return [said, `model        ${word.model}: ${word.how}: ${plain(word.because)}`, `             ${texts}`];
  const { decision, confidence, riskAssessment, recommendations } = word.opinion;
  return [
    said,
    `model        ${word.model}: ${decision}, confidence ${confidence}; risks: ${Object.entries(riskAssessment)
      .map(([name, risk]) => `${name} ${risk}`)
      .join(", ")}`,
    ...recommendations.map((text) => `             → ${plain(text)}`),
    `             ${texts}`,
  ];
}

/** A model's words end on a terminal: no control character passes. */
const plain = (text: string) => text.replaceAll(/[\p{Cc}\p{Cf}]/gu, " ").slice(0, 300);

/** The texts as they are, each with its file's name above, and the schema last: what can be copied and changed. */
export function renderPolicies({ digest, texts, schema }: OutputOf<"policy.show">): string {
  return [...texts.map(({ file, text }) => `// ── ${file}\n\n${text.trimEnd()}`), `// ── what they may speak of\n\n${commented(schema)}`, `// ${digest}`].join(
    "\n\n",
  );
}

const commented = (text: string) =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => `// ${line}`.trimEnd())
    .join("\n");

/** As it is, but for what would steer the terminal. */
export const renderDocument = ({ text }: OutputOf<"document.show">): string => text.replaceAll(/(?![\n\t])\p{Cc}/gu, "\ufffd");

function renderSaid({ outcome, quorum, passkey, policies, because }: PolicySaid): string {
  return `${outcome}${quorum > 0 ? ` of ${quorum}` : ""}${passkey ? ", with passkeys" : ""}: ${because}${policies.length === 0 ? "" : ` [${policies.join(", ")}]`}`;
}
