import { type Implementations, InstarError, type PlanView, VALIDATION_STAGES } from "@instar/protocol";
import { readStateSize } from "../backups/read-state-size.ts";
import { readStanding } from "../daemon/instance.ts";
import { findNewest } from "../daemon/look-for-updates.ts";
import { decideProceeding, type PolicyOutcome } from "../governance/policy/decide-proceeding.ts";
import { readFreeBytes } from "../platform/disk-space.ts";
import { isPortFree } from "../platform/is-port-free.ts";
import { planStrategy } from "../settings/plan-strategy.ts";
import { decidePackage } from "../sources/decide-package.ts";
import { redactCredentials } from "../sources/git-failure.ts";
import { planUpdateFacts } from "../update/decided/plan-update-facts.ts";
import { planPolicyContext } from "../update/decided/policy-context.ts";
import type { OperationContext } from "./context.ts";
import { assessNow } from "./impact.ts";

/** What would happen. Reads upstream and the disk; touches no port and no process. */
export function implementPlan({ instance }: OperationContext): Pick<Implementations, "plan"> {
  return {
    plan: async () => {
      const { settings, rooms } = instance;
      const { source } = rooms;
      const signal = AbortSignal.timeout(120_000);
      const { candidate: newest, plan: decision } = await findNewest(instance, signal);
      const standing = readStanding(instance);
      const facts = await source.readCommit(newest.commit, { directory: settings.agent.directory });
      const candidate = { commit: newest.commit, ref: newest.ref, version: newest.version };
      const problem = await packageProblem(instance, candidate.commit);
      const files = await source.diff(standing.running?.commit ?? null, candidate.commit, signal);
      const outlook = await readOutlook(instance);
      return {
        instance: instance.name,
        dataFolder: instance.folder,
        candidate: { ...candidate, author: facts.author, subject: facts.subject },
        running: standing.running === null ? null : { version: standing.running.version, commit: standing.running.commit },
        would: wouldInWords(decision.decision, decision.because, outlook),
        steps: instance.codeUpdate.map(({ id, title }) => ({ id, title, would: stepInWords(id, instance.settings) })),
        files: { changed: files.length, sample: files.slice(0, 10).map((file) => file.path) },
        checks: await readChecks(instance, problem),
      };
    },
  };
}

interface Outlook {
  readonly risk: string;
  /** What the policies would say of it if it passes everything; null where its impact is not known. */
  readonly policy: PolicyOutcome | null;
}

/** Its risk in a word; why it could not be told, where it could not. A plan without it is still a plan. */
async function readOutlook(instance: OperationContext["instance"]): Promise<Outlook> {
  const { rooms, settings } = instance;
  try {
    const { report } = await assessNow(instance, undefined, undefined);
    const start = {
      kind: "code",
      trigger: readStanding(instance).running === null ? "first" : "found",
      actor: { type: "system", id: "daemon" },
      overrides: {},
    } as const;
    const facts = planUpdateFacts(start, { impact: report, laterChecks: [], tests: "pass", rehearsal: "pass", isConfined: true, lessons: 0, authors: [] });
    const policy = decideProceeding(await rooms.readPolicies(), facts, planPolicyContext(settings, rooms.clock.wallMs()).context);
    return { risk: `${report.risk}, impact ${report.impactLevel}: \`instar impact\` says why`, policy };
  } catch (error) {
    if (!InstarError.is(error)) throw error;
    return { risk: `not known: ${error.message}`, policy: null };
  }
}

function wouldInWords(decision: "start" | "hold" | "dismiss" | "nothing", because: string, { risk, policy }: Outlook): string {
  switch (decision) {
    case "start":
      if (policy !== null && policy.kind !== "proceed")
        return `it would be begun by itself, ${policy.kind === "refused" ? "and refused" : policy.kind === "later" ? "and wait" : "and wait for approval"}: ${policy.because} (risk ${risk})`;
      return `it would be put in place by itself: ${because} (risk ${risk})`;
    case "hold":
      return `it would wait for you: ${because}`;
    case "dismiss":
      return `it would not come by itself: ${because}`;
    case "nothing":
      return `nothing: ${because}`;
    default:
      return decision satisfies never;
  }
}

function stepInWords(step: string, settings: OperationContext["instance"]["settings"]): string {
  const command = (value: string | readonly string[]) => (typeof value === "string" ? value : value.join(" "));
  switch (step) {
    case "fetch":
      return settings.source.git === undefined ? "take what the source brought" : `git fetch from ${redactCredentials(settings.source.git)}`;
    case "build":
      return (
        [settings.install, settings.build].flatMap((part) => (part === undefined ? [] : [command(part.command)])).join(", then ") ||
        "seal the files as they are"
      );
    case "check-code":
      return checksInWords(settings);
    case "validate":
      return stagesInWords(settings);
    case "rehearse":
      return rehearsalInWords(settings);
    case "decide":
      return decisionInWords(settings);
    case "approve":
      return `${settings.approvals.quorum} ${settings.approvals.quorum === 1 ? "person" : "people"} where it is critical${settings.approvals.for
        .filter((level) => level !== "critical")
        .map((level) => ` or ${level}`)
        .join("")}, for at most ${Math.round(settings.approvals.waitFor / 3_600_000)} h`;
    case "back-up":
      return settings.state.directory === undefined ? "nothing: no state folder" : `copy ${settings.state.directory}`;
    case "switch":
      return switchInWords(settings);
    case "trial":
      return settings.exchange.trial === undefined
        ? ""
        : `${settings.exchange.trial.share * 100} % of the callers for ${Math.round(settings.exchange.trial.time / 1_000)} s and ${settings.exchange.trial.requests} requests`;
    case "watch":
      return `${sayWatchTime(settings.watch)} and ${settings.front === undefined ? 0 : settings.watch.requests} requests, at most ${settings.watch.errorShare * 100} % failing`;
    default:
      return "";
  }
}

function decisionInWords({ decision, policy }: OperationContext["instance"]["settings"]): string {
  const model =
    decision.engine === "rules" || decision.model === undefined ? "" : `, then ${decision.model.provider} ${decision.model.name} (${decision.engine})`;
  return `the policies${policy.shipped ? "" : " of your own"}${model}`;
}

/** How long is known once it is known what the change touches. */
function sayWatchTime({ time, times }: OperationContext["instance"]["settings"]["watch"]): string {
  return time === "by-risk" ? `${times.low / 3_600_000} to ${times.critical / 3_600_000} h by its risk` : `${Math.round(time / 1_000)} s`;
}

function stagesInWords({ tests, validation }: OperationContext["instance"]["settings"]): string {
  const command = (value: string | readonly string[]) => (typeof value === "string" ? value : value.join(" "));
  const named = VALIDATION_STAGES.flatMap((stage) => {
    const own = stage === "unit_tests" && tests !== undefined ? tests.command : validation[stage].command;
    return own === undefined || validation[stage].gate === "off" ? [] : [`${stage.replaceAll("_", " ")}: ${command(own)}`];
  });
  return named.length === 0 ? "what is built in; instar.yaml names no tests, and so nothing proceeds by itself" : named.join("; ");
}

function rehearsalInWords({ rehearsal, state }: OperationContext["instance"]["settings"]): string {
  if (rehearsal.gate === "off") return "nothing: instar.yaml turns it off";
  if (state.kind === "external" && Object.keys(rehearsal.environment).length === 0)
    return "nothing: its state is elsewhere, and rehearsal.environment names nothing that it could be rehearsed on";
  const asked = [
    `${rehearsal.probes.length} probes`,
    `${rehearsal.things.length} lists of things`,
    `${Math.max(1, rehearsal.requests.length)} requests up to ${rehearsal.samples} times`,
  ];
  return `old and new in the sandbox, each on a copy of the state (${rehearsal.gate}): ${asked.join(", ")}; then the old one on what the new one left`;
}

function checksInWords({ analysis: { checks } }: OperationContext["instance"]["settings"]): string {
  const asked = (["types", "style"] as const).filter((check) => checks[check] !== "off").map((check) => `${check} (${checks[check]})`);
  return asked.length === 0 ? "nothing: instar.yaml turns it off" : `${asked.join(", ")}, of both versions`;
}

function switchInWords(settings: OperationContext["instance"]["settings"]): string {
  const { strategy, because } = planStrategy(settings);
  if (settings.front === undefined) return "stop the old version, start the new one";
  return strategy === "recreate"
    ? `recreate (${because}): hold requests on port ${settings.front.port}, stop the old version, start the new one, let them go`
    : `blue-green (${because}): start the new version beside the old one, move requests on port ${settings.front.port} when it is well`;
}

async function packageProblem({ rooms, settings }: OperationContext["instance"], commit: string): Promise<string | undefined> {
  const decision = decidePackage({
    entries: await rooms.source.listTree(commit),
    startCommand: settings.agent.start,
    agentDirectory: settings.agent.directory,
    packageJson: (
      await rooms.source.readFile(commit, settings.agent.directory === "." ? "package.json" : `${settings.agent.directory}/package.json`, 1_048_576)
    )?.toString("utf8"),
    produces: settings.install?.produces ?? [],
    hasBuild: settings.build !== undefined,
  });
  return decision.kind === "refused" ? decision.because : undefined;
}

async function readChecks({ settings, rooms }: OperationContext["instance"], problem: string | undefined): Promise<PlanView["checks"]> {
  const freeBytes = await readFreeBytes(rooms.folder);
  const neededBytes = (rooms.stateDirectory === null ? 0 : await readStateSize(rooms.stateDirectory)) * 2 + settings.keep.reserve;
  const running = await rooms.keeper.state().catch(() => undefined);
  const isPortOurs = running?.front?.listening === true;
  return [
    { what: "source", verdict: problem === undefined ? "pass" : "fail", because: problem ?? "acceptable: the start script is there, nothing points outside" },
    {
      what: "tests",
      verdict: settings.tests === undefined ? "nodata" : "pass",
      because: settings.tests === undefined ? "none named: nothing proceeds by itself" : "named; they run before the exchange",
    },
    ...(settings.front === undefined
      ? []
      : [
          isPortOurs || (await isPortFree(settings.front.port, settings.front.host))
            ? ({ what: "port", verdict: "pass", because: isPortOurs ? "the front has it" : `${settings.front.port} is free` } as const)
            : ({ what: "port", verdict: "fail", because: `${settings.front.port} is in use by another program` } as const),
        ]),
    {
      what: "disk",
      verdict: freeBytes >= neededBytes ? "pass" : "fail",
      because: `${Math.round(freeBytes / 1_048_576)} MiB free, ${Math.ceil(neededBytes / 1_048_576)} needed for the way back`,
    },
  ];
}
