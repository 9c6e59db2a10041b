import type { DeploymentView, OutputOf } from "@instar/protocol";

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
