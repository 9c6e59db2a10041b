import type { CodeCheckView, DeploymentView, OutputOf } from "@instar/protocol";
import { renderEvidence } from "./render-update.ts";

export function renderCodeStatus({ codeRepo, sandbox, base, running, isStale, changed, changedCount }: OutputOf<"code.status">): string {
  return [
    `code-repo  ${codeRepo}, ${base === null ? "not made yet" : `made from ${base.version} (${base.commit.slice(0, 10)})`}`,
    `sandbox    ${sandbox}`,
    ...(isStale ? [`stale: ${running?.version ?? "nothing"} (${running?.commit.slice(0, 10) ?? ""}) runs; a deploy brings the changes over to it`] : []),
    changedCount === 0 ? "nothing is changed" : `${changedCount} ${changedCount === 1 ? "file is" : "files are"} changed:`,
    ...changed.map((path) => `  ${path}`),
    ...(changedCount > changed.length ? [`  and ${changedCount - changed.length} more`] : []),
  ].join("\n");
}

/** Its end, what it touches, and what was measured; where something failed, the end of what its jobs wrote. */
export function renderCodeCheck({ id, state, because, changed, steps, impact, policy, output }: CodeCheckView): string {
  const files = `${changed.length} ${changed.length === 1 ? "file" : "files"} changed`;
  const touches = impact === null ? [] : [`  impact ${impact.impactLevel}, risk ${impact.risk}: ${impact.because.join("; ")}`];
  const said = policy === null ? [] : [`  an update of it: ${policy.outcome}: ${policy.because}`];
  const measured = steps.flatMap(({ evidence }) => (evidence === null ? [] : renderEvidence(evidence).map((line) => `  ${line}`)));
  const wrote = state === "failed" ? output.trimEnd().split("\n").slice(-OUTPUT_LINES) : [];
  return [
    `check ${id} of code-repo (${files}): ${state}${because === "" ? "" : `: ${because}`}`,
    ...touches,
    ...said,
    ...measured,
    ...wrote.map((line) => `    │ ${line.replaceAll(/\p{Cc}/gu, "")}`),
  ].join("\n");
}

const OUTPUT_LINES = 30;

export function renderDeployed({ update, decision, because, commit, changed, isRebased }: OutputOf<"code.deploy">): string {
  const files = `${changed.length} ${changed.length === 1 ? "file" : "files"}${isRebased ? ", brought over to what runs" : ""}`;
  return `${commit.slice(0, 10)} (${files}): ${update === null ? `${decision}: ${because}` : `update ${update} begins`}`;
}

export function renderDeployments({ deployments }: OutputOf<"code.deployments">): string {
  return deployments.map(renderDeployment).join("\n") || "the agent has deployed nothing of its own";
}

export function renderDeployment({ update, at, by, message, outcome, state, because, comment, needsPerson, isAcknowledged }: DeploymentView): string {
  const end =
    outcome === null ? `${state}${needsPerson ? ", waits for a person" : ""}` : `${outcome}${isAcknowledged ? "" : ", which the agent has not acknowledged"}`;
  const [subject = ""] = message.split("\n");
  return `${update}  ${at}  ${by}: ${subject}\n    ${end}${because === "" ? "" : `: ${because}`}${comment === null ? "" : `\n    a person says: ${comment}`}`;
}
