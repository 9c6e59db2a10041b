import { join } from "node:path";
import {
  type Implementations,
  InstarError,
  needOf,
  OPERATIONS,
  type Operation,
  type PolicyAnswerView,
  type PolicyCheckView,
  type PolicySaid,
  ROLES,
} from "@instar/protocol";
import type { Instance } from "../daemon/instance.ts";
import { askPolicies } from "../governance/policy/ask-policies.ts";
import { decideProceeding, type PolicyOutcome } from "../governance/policy/decide-proceeding.ts";
import { HARMLESS_UPDATE } from "../governance/policy/harmless-update.ts";
import { policyFolderOf } from "../governance/policy/open-policies.ts";
import { planAnswerRequest, planOperationRequest } from "../governance/policy/policy-request.ts";
import { renderPolicySchema } from "../governance/policy/policy-schema.ts";
import { type PolicySet, readPolicySet } from "../governance/policy/policy-set.ts";
import { readPolicyTests } from "../governance/policy/read-policy-tests.ts";
import { runPolicyTests } from "../governance/policy/run-policy-tests.ts";
import type { DecisionRecord } from "../update/decided/decision-record.ts";
import { planPolicyContext } from "../update/decided/policy-context.ts";
import type { JournalEntry, UpdateId } from "../update/journal-entry.ts";
import { startOf } from "../update/run-update.ts";
import { recordIn } from "../update/steps/decide.ts";
import type { OperationContext } from "./context.ts";
import { findUpdate } from "./updates.ts";

type Implemented = "document.show" | "policy.show" | "policy.check" | "policy.explain" | "policy.simulate" | "policy.test";

/** Looking at policies, asking them, and trying others. Changes nothing. */
export function implementPolicies({ instance }: OperationContext): Pick<Implementations, Implemented> {
  const { rooms, settings } = instance;
  const setOf = async (text: string | undefined): Promise<PolicySet> =>
    text === undefined ? rooms.readPolicies() : readPolicySet([{ file: "given", text }], { shipped: settings.policy.shipped });
  return {
    "document.show": async ({ digest }) => {
      const found = rooms.documents.find(digest);
      if (found === undefined) throw new InstarError("NOT_FOUND", `no text of that digest was kept: ${digest}`, { advice: "`instar update show` names them." });
      return found;
    },
    "policy.show": async () => {
      const { digest, texts } = await rooms.readPolicies();
      return { digest, texts: [...texts], schema: renderPolicySchema() };
    },
    "policy.check": async ({ policies }) => describeSet(await setOf(policies)),
    "policy.explain": async ({ update, operation, role }) => {
      const set = await rooms.readPolicies();
      if (operation !== undefined) return { update: null, roles: explainRoles(set, operation, role === undefined ? ROLES : [role]) };
      return { update: explainUpdate(instance, set, update === undefined ? undefined : findUpdate(instance, update)), roles: [] };
    },
    "policy.simulate": async ({ policies, limit }) => {
      const set = await setOf(policies);
      assertSound(set);
      const decided = listDecided(instance).toReversed().slice(0, limit);
      const updates = decided.map(({ update, entry, record }) => {
        const { start } = startOf(instance.journal.read(update));
        const ended = instance.journal.read(update).findLast((each) => each.kind === "ended");
        const [recorded, would] = [saidOf(record.policy), saidOf(decideProceeding(set, record.facts, record.context))];
        return {
          id: update,
          versionFrom: start.versionFrom,
          versionTo: start.versionTo,
          at: entry.at,
          ended: ended?.kind === "ended" ? ended.outcome : null,
          recorded,
          would,
          differs: recorded.outcome !== would.outcome || recorded.quorum !== would.quorum || recorded.passkey !== would.passkey,
        };
      });
      const differing = updates.filter(({ differs }) => differs).length;
      const because = updates.length === 0 ? "no update was decided upon yet" : `${differing} of ${updates.length} updates would have been decided otherwise`;
      return { digest: set.digest, because, differing, updates };
    },
    "policy.test": async () => {
      const set = await rooms.readPolicies();
      assertSound(set);
      const folder = policyFolderOf(settings, rooms.settingsFolder);
      const tests = runPolicyTests(set, await readPolicyTests(folder));
      const failed = tests.filter(({ verdict }) => verdict === "fail").length;
      const passed = tests.length - failed;
      return { passed, failed, because: tests.length === 0 ? `${join(folder, "*.test.yaml")}: there are none` : `${passed} passed, ${failed} failed`, tests };
    },
  };
}

function describeSet({ digest, policies, problems, isSound }: PolicySet): PolicyCheckView {
  const errors = problems.filter(({ severity }) => severity === "error").length;
  return {
    verdict: isSound ? "pass" : "fail",
    because: isSound
      ? `${policies.length} policies can be asked`
      : errors === 1
        ? "a mistake: while it is there, nothing proceeds"
        : `${errors} mistakes: while there is one, nothing proceeds`,
    digest,
    policies: policies.map(({ text: _, ...policy }) => policy),
    problems: [...problems],
  };
}

function explainRoles(set: PolicySet, name: string, roles: readonly (typeof ROLES)[number][]): PolicyAnswerView["roles"] {
  const operation = (OPERATIONS as readonly Operation[]).find((each) => each.name === name);
  if (operation === undefined)
    throw new InstarError("NOT_FOUND", `there is no operation ${name}`, { advice: "Operations are called as in the API: update.apply, backup.list." });
  return roles.map((role) => {
    const who = { name: role, role };
    const other = { isAuthor: false, isStarter: false, others: 0 };
    const request = needOf(operation) === "answer" ? planAnswerRequest(who, name, HARMLESS_UPDATE, other) : planOperationRequest(who, name);
    const { isAllowed, policies, because } = askPolicies(set, request);
    return { role, operation: name, isAllowed, policies: policies.map(({ id }) => id), because };
  });
}

function explainUpdate(instance: Instance, set: PolicySet, update: UpdateId | undefined): PolicyAnswerView["update"] {
  const decided = listDecided(instance);
  const found = update === undefined ? decided.at(-1) : decided.find((each) => each.update === update);
  if (found === undefined)
    throw new InstarError("NOT_FOUND", update === undefined ? "no update was decided upon yet" : `update ${update} was not decided upon`, {
      advice: "`instar policy explain --operation update.apply` asks about roles.",
    });
  const { record } = found;
  const { context } = planPolicyContext(instance.settings, instance.rooms.clock.wallMs());
  return {
    id: found.update,
    versionTo: startOf(instance.journal.read(found.update)).start.versionTo,
    facts: record.facts,
    recorded: saidOf(record.policy),
    now: saidOf(decideProceeding(set, record.facts, context)),
  };
}

interface Decided {
  readonly update: UpdateId;
  readonly entry: JournalEntry;
  readonly record: DecisionRecord;
}

/** Every update that was decided upon, oldest first; also those that were refused. */
function listDecided({ journal }: Instance): Decided[] {
  return journal.list().flatMap((update) =>
    journal.read(update).flatMap((entry) => {
      const record = entry.kind === "applied" ? recordIn(entry.gives) : entry.kind === "failed" ? recordIn(entry.evidence ?? {}) : undefined;
      return record === undefined || !("step" in entry) || entry.step !== "decide" ? [] : [{ update, entry, record }];
    }),
  );
}

/** What policies said, as people are shown it. */
export function saidOf(outcome: PolicyOutcome | DecisionRecord["policy"]): PolicySaid {
  return {
    outcome: outcome.kind,
    quorum: ("quorum" in outcome ? outcome.quorum : 0) ?? 0,
    passkey: "passkey" in outcome && outcome.passkey === true,
    policies: [...outcome.policies],
    because: outcome.because,
  };
}

function assertSound(set: PolicySet): void {
  if (set.isSound) return;
  const [problem] = set.problems;
  throw new InstarError(
    "POLICY_INVALID",
    `the policies have a mistake: ${problem?.file}${problem?.line == null ? "" : `:${problem.line}`}: ${problem?.message}`,
    {
      advice: "`instar policy check` shows it all.",
    },
  );
}
