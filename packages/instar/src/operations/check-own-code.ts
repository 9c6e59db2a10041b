import { open } from "node:fs/promises";
import { type CodeCheckView, checkResults, type ImpactReport, InstarError, impactReport } from "@instar/protocol";
import type { AgentCode } from "../daemon/agent-code.ts";
import { type Instance, readStanding } from "../daemon/instance.ts";
import { decideProceeding } from "../governance/policy/decide-proceeding.ts";
import { planUpdateFacts } from "../update/decided/plan-update-facts.ts";
import { planPolicyContext } from "../update/decided/policy-context.ts";
import { patternOf } from "../update/fold-incidents.ts";
import type { Gives, UpdateStart } from "../update/journal-entry.ts";
import { isConfined } from "../update/steps/decide.ts";
import { commitOf } from "../update/steps/read-running.ts";
import { trialLogOf, tryCandidate } from "../update/try-candidate.ts";
import { assertNoExchange } from "./assert-no-exchange.ts";
import type { CheckEnd } from "./code-checks.ts";
import type { OperationContext } from "./context.ts";
import { saidOf } from "./policies.ts";
import { makeOwnVersion } from "./read-own-changes.ts";
import { daemonOf } from "./updates.ts";

const IMPORT_WITHIN_MS = 900_000;
/** Installing, building and all tests; each has its own deadline besides. */
const WITHIN_MS = 3_600_000;
const OUTPUT_BYTES = 32_768;

/**
 * Begins to take what lies in code-repo through the steps of an update that run beside the agent.
 * @throws InstarError CONFLICT (another check, an exchange, nothing changed, what runs has moved on), PACKAGE_REFUSED
 */
export async function checkOwnCode(context: OperationContext, code: AgentCode): Promise<CodeCheckView> {
  const { instance, actor, codeChecks } = context;
  const daemon = daemonOf(context);
  codeChecks.assertNone();
  assertNoExchange(instance);
  const { running, committed } = readStanding(instance);
  if (running === null) throw new InstarError("CONFLICT", "no version was watched to its end yet, so there is nothing to compare with", { transient: true });
  const signal = AbortSignal.any([daemon.over, AbortSignal.timeout(IMPORT_WITHIN_MS)]);
  const { candidate, changed } = await makeOwnVersion(instance, code, { message: "what is checked", to: "check" }, signal);
  const start: UpdateStart = {
    ...{ kind: "code", target: instance.name, commit: candidate.commit, ref: candidate.ref, source: "self" },
    ...{ versionFrom: running.version, versionTo: candidate.version, releaseFrom: running.release, wayBack: committed?.release ?? null },
    ...{ trigger: "found", actor: actor.type === "agent" ? actor : { type: "agent", id: actor.id }, overrides: {} },
    origin: { kind: "self", by: actor.id, because: "it is what lies in code-repo" },
  };
  return codeChecks.begin({ commit: candidate.commit, changed: [...changed] }, (tell) => {
    const until = AbortSignal.any([daemon.over, AbortSignal.timeout(WITHIN_MS)]);
    return runCheck(instance, start, { signal: until, tell: (steps) => tell({ steps }), say: () => undefined });
  });
}

async function runCheck(instance: Instance, start: UpdateStart, desk: Parameters<typeof tryCandidate>[2]): Promise<CheckEnd> {
  const { steps, given, failed } = await tryCandidate(instance.rooms, start, desk);
  const told = { steps, impact: readImpact(given), output: await readEnd(trialLogOf(instance.rooms)) };
  if (failed === null) {
    const policy = await askPolicies(instance, start, given);
    return { ...told, policy, state: "passed", because: "an update of it would go on to its rehearsal", code: null };
  }
  return { ...told, state: failed.isOfTheMachine ? "error" : "failed", because: failed.because, code: failed.code };
}

/** As `decide` would ask them, of what is known before the rehearsal. Null where they have a mistake: nothing proceeds then. */
async function askPolicies({ rooms, settings }: Instance, start: UpdateStart, given: Gives): Promise<CodeCheckView["policy"]> {
  const set = await rooms.readPolicies();
  if (!set.isSound) return null;
  const running = await commitOf(rooms, start.releaseFrom);
  const { authors } = await rooms.source.readCommit(start.commit, { directory: settings.agent.directory, since: running ?? undefined });
  const facts = planUpdateFacts(start, {
    impact: impactReport.parse(given.impact),
    laterChecks: checkResults.parse(given.codeChecks ?? []),
    tests: given.tests === "pass" ? "pass" : "nodata",
    rehearsal: settings.rehearsal.gate === "off" ? "off" : "pass",
    isConfined: isConfined(given),
    lessons: rooms.lessons(patternOf(given.impact), "").length,
    authors,
  });
  return saidOf(decideProceeding(set, facts, planPolicyContext(settings, rooms.clock.wallMs()).context));
}

function readImpact({ impact }: Gives): CodeCheckView["impact"] {
  const report = impact as ImpactReport | undefined;
  if (report === undefined) return null;
  const { impactLevel, risk, factors } = report;
  const because = factors.filter(({ weight }) => weight > 0).toSorted((a, b) => b.weight - a.weight);
  return { impactLevel, risk, because: because.slice(0, 10).map((factor) => factor.because) };
}

/** From the beginning of a line on, where there is more. */
async function readEnd(path: string): Promise<string> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return "";
  try {
    const { size } = await file.stat();
    const from = Math.max(0, size - OUTPUT_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(OUTPUT_BYTES), 0, OUTPUT_BYTES, from);
    const text = buffer.subarray(0, bytesRead).toString("utf8");
    return from === 0 ? text : text.slice(text.indexOf("\n") + 1);
  } finally {
    await file.close();
  }
}
