import type {
  ApprovalView,
  BackupJob,
  DoctorView,
  EditLookView,
  ExplainView,
  ImpactView,
  IncidentView,
  MetricsView,
  OutputOf,
  PasskeyView,
  PlanView,
  PolicyAnswerView,
  PolicyCheckView,
  PolicyTestView,
  RollbackPlan,
  SettingsView,
  SimulationView,
  StatusView,
  TaskRunView,
  TaskView,
  TokenView,
  UpdateView,
} from "@instar/protocol";
import { renderEntries, renderExported, renderVerified } from "./render-audit.ts";
import { renderBackups, renderJob } from "./render-backup.ts";
import { renderDiff } from "./render-diff.ts";
import { renderDoctor } from "./render-doctor.ts";
import { renderImpact } from "./render-impact.ts";
import { renderExplanation, renderMetrics, renderObservation } from "./render-observation.ts";
import { renderPasskey, renderPasskeys } from "./render-passkeys.ts";
import { renderApproval, renderDocument, renderPolicies, renderPolicyAnswer, renderPolicyCheck, renderPolicyTests, renderSimulation } from "./render-policy.ts";
import { renderRollbackPlan } from "./render-rollback-plan.ts";
import { renderCodeCheck, renderCodeStatus, renderDeployed, renderDeployment, renderDeployments } from "./render-self.ts";
import { renderSettings } from "./render-settings.ts";
import { renderEvents, renderMarks, renderProposal, renderSources } from "./render-sources.ts";
import { renderRun, renderTask, renderTaskStory, renderTasks } from "./render-tasks.ts";
import { renderHealthCheck, renderUpdate, renderUpdateLine } from "./render-update.ts";

/** An operation's answer as a person reads it. `--json` prints the answer itself instead. */
export function renderAnswer(operation: string, answer: unknown): string {
  switch (operation) {
    case "status":
      return renderStatus(answer as StatusView);
    case "plan":
      return renderPlan(answer as PlanView);
    case "impact":
      return renderImpact(answer as ImpactView);
    case "graph":
      return (answer as OutputOf<"graph">).text;
    case "logs":
      return (answer as OutputOf<"logs">).lines.join("\n");
    case "update.check": {
      const { version, decision, because } = answer as OutputOf<"update.check">;
      return `${version ?? "nothing"}: ${decision === "start" ? "starting" : because}`;
    }
    case "source.list":
      return renderSources(answer as OutputOf<"source.list">);
    case "source.events":
      return renderEvents(answer as OutputOf<"source.events">);
    case "update.propose":
      return renderProposal(answer as OutputOf<"update.propose">);
    case "task.list":
      return renderTasks(answer as OutputOf<"task.list">);
    case "task.show":
      return renderTaskStory(answer as OutputOf<"task.show">);
    case "task.add":
    case "task.pause":
    case "task.resume":
    case "task.remove":
      return renderTask(answer as TaskView);
    case "task.run":
      return renderRun(answer as TaskRunView);
    case "update.pin":
    case "update.unpin":
    case "update.hold":
    case "update.unhold":
    case "update.skip":
    case "update.unskip":
    case "update.marks":
      return renderMarks(answer as OutputOf<"update.marks">);
    case "code.status":
      return renderCodeStatus(answer as OutputOf<"code.status">);
    case "code.list":
      return (answer as OutputOf<"code.list">).entries.map(({ path, kind }) => `${path}${kind === "folder" ? "/" : ""}`).join("\n") || "nothing lies there";
    case "code.read":
      return (answer as OutputOf<"code.read">).text ?? "it is no text";
    case "code.search":
      return (answer as OutputOf<"code.search">).matches.map(({ path, line, text }) => `${path}:${line}: ${text}`).join("\n") || "nothing was found";
    case "code.diff":
      return (answer as OutputOf<"code.diff">).text ?? "too long to be shown";
    case "code.write":
      return (answer as OutputOf<"code.write">).created ? "it is there now" : "it was replaced";
    case "code.patch":
      return (answer as OutputOf<"code.patch">).changed.map((path) => `changed: ${path}`).join("\n");
    case "code.move":
    case "code.delete":
      return (answer as OutputOf<"code.move">).because;
    case "code.reset":
      return `code-repo is ${(answer as OutputOf<"code.reset">).version} now`;
    case "code.check":
    case "code.progress":
      return renderCodeCheck(answer as OutputOf<"code.check">);
    case "agent.note":
      return (answer as OutputOf<"agent.note">).because;
    case "code.deploy":
    case "code.force-deploy":
      return renderDeployed(answer as OutputOf<"code.deploy">);
    case "code.deployments":
      return renderDeployments(answer as OutputOf<"code.deployments">);
    case "code.acknowledge":
      return renderDeployment((answer as OutputOf<"code.acknowledge">).deployment);
    case "source.forget":
      return (answer as OutputOf<"source.forget">).because;
    case "update.output":
      return (answer as OutputOf<"update.output">).text.trimEnd();
    case "update.diff":
      return renderDiff(answer as OutputOf<"update.diff">);
    case "update.list":
      return (answer as OutputOf<"update.list">).updates.map(renderUpdateLine).join("\n") || "no updates yet";
    case "history":
      return (answer as OutputOf<"history">).releases.map(renderRelease).join("\n\n") || "no releases yet";
    case "backup.list":
      return renderBackups((answer as OutputOf<"backup.list">).backups);
    case "backup.create":
    case "backup.verify":
    case "backup.restore":
    case "backup.prune":
    case "backup.progress":
      return renderJob(answer as BackupJob);
    case "audit.verify":
      return renderVerified(answer as OutputOf<"audit.verify">);
    case "audit.list":
      return renderEntries(answer as OutputOf<"audit.list">);
    case "audit.prove":
      return (answer as OutputOf<"audit.prove">).text.trimEnd();
    case "audit.checkpoint":
      return (answer as OutputOf<"audit.checkpoint">).note.trimEnd();
    case "audit.compare":
      return (answer as OutputOf<"audit.compare">).because;
    case "audit.export":
      return renderExported(answer as OutputOf<"audit.export">);
    case "audit.report":
      return (answer as OutputOf<"audit.report">).text.trimEnd();
    case "settings.show":
      return renderSettings(answer as SettingsView);
    case "incident.list":
      return (answer as OutputOf<"incident.list">).incidents.map(renderIncident).join("\n") || "nothing went wrong in service so far";
    case "incident.note":
      return renderIncident(answer as IncidentView);
    case "rollback.plan":
      return renderRollbackPlan(answer as RollbackPlan);
    case "update.resume":
      return (answer as OutputOf<"update.resume">).because;
    case "metrics":
      return renderMetrics(answer as MetricsView);
    case "update.explain":
      return renderExplanation(answer as ExplainView);
    case "update.approve":
    case "update.reject":
      return renderApproval(answer as ApprovalView);
    case "approval.list":
      return (answer as OutputOf<"approval.list">).approvals.map(renderApproval).join("\n\n") || "no update waits or waited for people";
    case "document.show":
      return renderDocument(answer as OutputOf<"document.show">);
    case "policy.show":
      return renderPolicies(answer as OutputOf<"policy.show">);
    case "policy.check":
      return renderPolicyCheck(answer as PolicyCheckView);
    case "policy.explain":
      return renderPolicyAnswer(answer as PolicyAnswerView);
    case "policy.simulate":
      return renderSimulation(answer as SimulationView);
    case "policy.test":
      return renderPolicyTests(answer as PolicyTestView);
    case "update.confirm":
      return (answer as OutputOf<"update.confirm">).because;
    case "keeper.replace": {
      const { pid, before, tookMs, handOver } = answer as OutputOf<"keeper.replace">;
      return `keeper ${pid} took over from ${before} in ${tookMs} ms${handOver === null ? "" : `; ${handOver}`}`;
    }
    case "health": {
      const { verdict, because, checks } = answer as OutputOf<"health">;
      return [...checks.map(renderHealthCheck), "", `verdict: ${verdict}: ${because}`].join("\n");
    }
    case "edit.plan":
      return renderEditLook(answer as EditLookView);
    case "token.create":
      return renderCreated(answer as OutputOf<"token.create">);
    case "passkey.list":
      return renderPasskeys(answer as OutputOf<"passkey.list">);
    case "passkey.revoke":
      return renderPasskey(answer as PasskeyView);
    case "token.list":
      return (answer as OutputOf<"token.list">).tokens.map(renderToken).join("\n") || "no tokens yet: `instar token create` makes the first";
    case "token.revoke":
      return renderToken(answer as TokenView);
    case "console":
      return renderConsole(answer as OutputOf<"console">);
    case "whoami":
      return renderWhoami(answer as OutputOf<"whoami">);
    case "doctor":
      return renderDoctor(answer as DoctorView);
    default:
      return renderUpdate(answer as UpdateView);
  }
}

const renderConsole = ({ url, elsewhere, expiresAt }: OutputOf<"console">) =>
  [url, ...elsewhere, "", `It opens the console once, until ${expiresAt}.`].join("\n");

function renderEditLook({ verdict, because, restart, changes }: EditLookView): string {
  return [
    ...changes.flatMap(({ difference }) => difference),
    ...(restart ? ["the agent is started again, while requests wait"] : []),
    `verdict: ${verdict}: ${because}`,
    "Nothing was changed.",
  ].join("\n");
}

function renderStatus(status: StatusView): string {
  const { agent, front, update } = status;
  const lines = [
    `${status.instance}: ${agent.version === null ? "no version yet" : `${agent.version} (${agent.commit?.slice(0, 10) ?? "?"})`}; ${agent.because}`,
    `  ${status.waiting}`,
  ];
  if (agent.slot !== null)
    lines.push(
      `  agent      pid ${agent.slot.pid ?? "none"}, slot ${agent.slot.slot}${agent.slot.port === null ? "" : `, port ${agent.slot.port}`}, started ${agent.slot.startedAt ?? "never"}, restarted ${agent.slot.restarts} times`,
    );
  for (const slot of status.slots)
    if (slot.role !== "serving")
      lines.push(
        `  ${slot.role === "trial" ? `trial      ${Math.round(slot.share * 1_000) / 10} % of the callers meet` : "beside     it runs"} ${slot.version ?? "?"} (slot ${slot.slot}, pid ${slot.pid ?? "none"}${slot.port === null ? "" : `, port ${slot.port}`}); ${slot.requests} requests, ${slot.failed} failed, ${slot.inFlight} under way`,
      );
  if (status.keeper !== null)
    lines.push(
      `  keeper     pid ${status.keeper.pid}, started ${status.keeper.startedAt}${status.keeper.handOver === null ? "" : `; ${status.keeper.handOver}`}`,
    );
  if (front !== null)
    lines.push(
      `  front      ${front.host}:${front.port}${front.listening ? "" : " (not listening)"}${front.holding ? ", holding requests" : ""}; ${front.requests} requests, ${front.failed} failed, ${front.held} held${front.medianMs === null || front.p99Ms === null ? "" : `; median ${Math.round(front.medianMs)} ms, p99 ${Math.round(front.p99Ms)} ms`}`,
    );
  if (update !== null) lines.push(`  update     ${renderUpdateLine(update)}`);
  if (status.observation !== null) lines.push(...renderObservation(status.observation));
  if (status.available !== null) lines.push(`  upstream   ${status.available.version}: ${status.available.because}`);
  lines.push(`  contained  ${agent.containment}: ${agent.containmentBecause}`);
  lines.push(`  access     the door's role is ${status.access.door}: ${status.access.because}`);
  lines.push(
    `  ledger     ${status.ledger.length} entries, head ${status.ledger.head.slice(0, 16)}${status.ledger.trouble === null ? "" : `; ${status.ledger.trouble}`}`,
  );
  lines.push(`  data       ${status.dataFolder}`);
  return lines.join("\n");
}

/** The secret alone on its line, and first: what is piped on takes it from there. */
function renderCreated({ secret, ...token }: OutputOf<"token.create">): string {
  return [secret, `  ${renderToken(token)}`, "  It is shown this once. Keep it where the agent cannot read it; `instar doctor` looks whether it does."].join(
    "\n",
  );
}

function renderToken({ id, name, role, scope, state, expiresAt, revokedAt, lastUsedAt, createdBy }: TokenView): string {
  const end = state === "revoked" ? `revoked ${revokedAt}` : expiresAt === null ? "never ends" : `${state === "expired" ? "expired" : "until"} ${expiresAt}`;
  const doubt = state === "unsure" ? " (refused: this machine's clock is behind what was seen)" : "";
  return `${id}  ${name}  ${role}${scope === null ? "" : ` for ${scope.join(", ")}`}  ${end}${doubt}  made by ${createdBy}  ${lastUsedAt === null ? "never used" : `used ${lastUsedAt}`}`;
}

function renderWhoami({ name, role, token, scope, because, mayDo }: OutputOf<"whoami">): string {
  return [
    `${name}, ${role}${token === null ? "" : ` (token ${token})`}${scope === null ? "" : `, limited to ${scope.join(", ")}`}`,
    `  ${because}`,
    `  may: ${mayDo.join(", ")}`,
  ].join("\n");
}

function renderPlan(plan: PlanView): string {
  const lines = [`${plan.instance}: ${plan.would}`];
  if (plan.candidate !== null)
    lines.push(`  upstream   ${plan.candidate.version} ${plan.candidate.commit.slice(0, 10)} by ${plan.candidate.author}: ${plan.candidate.subject}`);
  lines.push(`  runs now   ${plan.running === null ? "nothing" : `${plan.running.version} ${plan.running.commit.slice(0, 10)}`}`);
  lines.push(
    `  files      ${plan.files.changed} changed${plan.files.sample.length === 0 ? "" : `: ${plan.files.sample.join(", ")}${plan.files.changed > plan.files.sample.length ? ", …" : ""}`}`,
  );
  lines.push("  steps");
  for (const step of plan.steps) lines.push(`    ${step.id.padEnd(14)} ${step.would === "" ? step.title : step.would}`);
  lines.push("  checks");
  for (const check of plan.checks) lines.push(`    ${check.verdict.padEnd(14)} ${check.what}: ${check.because}`);
  lines.push(`  data       ${plan.dataFolder}`);
  lines.push("Nothing was changed: no port, no process.");
  return lines.join("\n");
}

function renderIncident({ id, versionTo, at, step, code, because, outcome, cause, pattern }: IncidentView): string {
  const alike = [...pattern.dependencies, ...pattern.touches, ...pattern.files].slice(0, 5).join(", ");
  return [
    `${id}  ${versionTo}  ${at}  ${step}  ${code}  ${outcome ?? "open"}`,
    `  ${because}`,
    `  cause: ${cause ?? `not known; \`instar incident note ${id} "…"\` writes it down`}`,
    ...(alike === "" ? [] : [`  changed: ${alike}`]),
  ].join("\n");
}

function renderRelease(release: OutputOf<"history">["releases"][number]): string {
  const marks = [
    release.running ? "runs" : "",
    release.committed ? "committed" : "",
    release.quarantined === null ? "" : `quarantined: ${release.quarantined}`,
  ].filter((mark) => mark !== "");
  return [
    `${release.version}  ${release.release}  ${release.commit.slice(0, 10)}  ${marks.join(", ")}`,
    `  ${release.author}, ${release.at}, ${release.updateType}, ${Math.round(release.sizeBytes / 1024)} KiB, ${release.digest.slice(0, 19)}…`,
    ...release.changes.slice(0, 10).map((change) => `  - ${change}`),
    `  way back: ${release.wayBack === null ? "none" : `${release.wayBack.release} (${release.wayBack.commit.slice(0, 10)})`}`,
  ].join("\n");
}
