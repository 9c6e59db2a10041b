import { type ApprovalView, type Implementations, InstarError } from "@instar/protocol";
import type { Instance } from "../daemon/instance.ts";
import { isInScope } from "../governance/access/is-in-scope.ts";
import type { Approval } from "../governance/approvals/approval.ts";
import { type ApprovalCount, countApprovals } from "../governance/approvals/count-approvals.ts";
import { isAuthor } from "../governance/approvals/is-author.ts";
import { askPolicies } from "../governance/policy/ask-policies.ts";
import { planAnswerRequest } from "../governance/policy/policy-request.ts";
import { decideApproval, planQuorum } from "../update/decided/decide-approval.ts";
import { type ApprovalRecord, approvalRecord, type DecisionRecord } from "../update/decided/decision-record.ts";
import { digestOfRules, planPolicyContext } from "../update/decided/policy-context.ts";
import { foldAnswers, tokensOf } from "../update/fold-answers.ts";
import type { Gives, JournalEntry, UpdateId } from "../update/journal-entry.ts";
import { foldGives } from "../update/plan-next-move.ts";
import { startOf } from "../update/run-update.ts";
import { recordIn } from "../update/steps/decide.ts";
import type { OperationContext } from "./context.ts";
import { readDoorRole } from "./read-door-role.ts";
import { daemonOf, findUpdate, openUpdate } from "./updates.ts";

/** People's word on updates that wait for it. */
export function implementApprovals(context: OperationContext): Pick<Implementations, "update.approve" | "update.reject" | "approval.list"> {
  const { instance } = context;
  return {
    "update.approve": async ({ update, because, digest }) => {
      const found = update === undefined ? openUpdate(instance) : findUpdate(instance, update);
      const approval = await planApproval(context, found, { because, digest });
      daemonOf(context).tell(found, { kind: "approved", approval });
      return viewOf(instance, found);
    },
    "update.reject": async ({ update, because }) => {
      const found = update === undefined ? openUpdate(instance) : findUpdate(instance, update);
      await assertMayAnswer(context, found, "update.reject");
      readWaiting(instance, found);
      daemonOf(context).tell(found, { kind: "rejected", by: context.actor.id, because });
      return viewOf(instance, found);
    },
    "approval.list": async ({ limit }) => {
      const updates = instance.journal.list().filter((update) => instance.journal.read(update).some(isOfApproval));
      return {
        approvals: await Promise.all(
          updates
            .toReversed()
            .slice(0, limit)
            .map((update) => viewOf(instance, update)),
        ),
      };
    },
  };
}

const isOfApproval = (entry: JournalEntry) => entry.kind === "approved" || entry.kind === "rejected" || (entry.kind === "waiting" && entry.step === "approve");

async function planApproval(context: OperationContext, update: UpdateId, said: { because: string; digest: string | undefined }): Promise<Approval> {
  const { instance, actor, caller } = context;
  const { rooms, settings, time } = instance;
  const { rules } = await assertMayAnswer(context, update, "update.approve");
  const { digest } = readWaiting(instance, update);
  if (said.digest !== undefined && !isSameDigest(said.digest, digest))
    throw new InstarError("CONFLICT", `${said.digest} is not what waits for approval; that is ${digest}`, {
      facts: { update, digest },
      advice: "`instar approval list` shows it; look at it again, then approve what is there.",
    });
  const tickMs = Math.round(time.tickMs());
  const wallMs = rooms.clock.wallMs();
  const { approvals } = foldAnswers(instance.journal.read(update));
  const own = countApprovals({
    approvals: approvals.filter(({ by }) => by === actor.id),
    quorum: 1,
    digest,
    policy: rules,
    revoked: rooms.revokedAmong(tokensOf(approvals)),
    nowTickMs: tickMs,
    nowWallMs: wallMs,
  });
  if (own.isEnough)
    throw new InstarError("CONFLICT", `${actor.id} has approved it already`, { advice: "Where more than one must, another person's word is needed." });
  const { validFor } = settings.approvals;
  return {
    by: actor.id,
    token: caller.token,
    role: caller.role,
    digest,
    policy: rules,
    because: said.because,
    untilTickMs: tickMs + validFor,
    untilAt: new Date(wallMs + validFor).toISOString(),
  };
}

/** Whole, or its beginning of at least twelve digits, with `sha256:` or without. */
function isSameDigest(said: string, digest: string): boolean {
  const [wanted, hex] = [said.replace(/^sha256:/, ""), digest.replace(/^sha256:/, "")];
  return wanted.length >= 12 && hex.startsWith(wanted);
}

/** @throws InstarError FORBIDDEN by the policies, POLICY_INVALID, CONFLICT where it was not decided upon */
async function assertMayAnswer(context: OperationContext, update: UpdateId, operation: string): Promise<{ rules: string }> {
  const { instance, actor, caller } = context;
  const set = await instance.rooms.readPolicies();
  const { record } = readWaiting(instance, update);
  if (!set.isSound) {
    const [problem] = set.problems;
    throw new InstarError("POLICY_INVALID", `the policies have a mistake, so nobody can answer: ${problem?.file}: ${problem?.message}`, {
      advice: "`instar policy check` shows it all.",
    });
  }
  const { facts } = record;
  const answer = askPolicies(
    set,
    planAnswerRequest({ name: actor.id, role: caller.role }, operation, facts, {
      isAuthor: isAuthor(actor.id, facts.authors),
      isStarter: facts.startedBy === "user" && facts.starter === actor.id,
      others: await countOthers(context),
    }),
  );
  if (!answer.isAllowed) throw new InstarError("FORBIDDEN", `${actor.id} may not answer for this update: ${answer.because}`, { facts: { update } });
  return { rules: digestOfRules(set, planPolicyContext(instance.settings, instance.rooms.clock.wallMs()).context) };
}

/** How many other people may answer, by living tokens and by the instance's own door. */
async function countOthers({ instance, tokens, actor, caller }: OperationContext): Promise<number> {
  const names = tokens
    .list()
    .flatMap(({ state, role, name, scope }) =>
      state === "living" && (role === "approver" || role === "admin") && isInScope(scope, "update.approve") ? [name] : [],
    );
  const isDoorOther = caller.token !== null && (await readDoorRole(instance)).role === "admin";
  return new Set(names.filter((name) => name !== actor.id)).size + (isDoorOther ? 1 : 0);
}

/** @throws InstarError CONFLICT, with what it is at instead */
function readWaiting(instance: Instance, update: UpdateId): { record: DecisionRecord; digest: string } {
  const journal = instance.journal.read(update);
  const ended = journal.find((entry) => entry.kind === "ended");
  if (ended?.kind === "ended")
    throw new InstarError("CONFLICT", `update ${update} ended ${ended.outcome}: ${ended.because}`, { advice: "`instar update list` shows what is under way." });
  if (journal.some((entry) => entry.kind === "cancel-requested" || entry.kind === "rejected" || entry.kind === "supersede-requested"))
    throw new InstarError("CONFLICT", `update ${update} is ending already`, { advice: "`instar update show` says why." });
  if (journal.some((entry) => entry.kind === "applied" && entry.step === "approve"))
    throw new InstarError("CONFLICT", `update ${update} waits for nobody's word any more`, { advice: "`instar update show` says what it is at." });
  const given = foldGives(journal);
  const record = recordIn(given);
  if (record === undefined || typeof given.digest !== "string")
    throw new InstarError("CONFLICT", `update ${update} is not decided upon yet, so there is nothing to answer`, {
      advice: "`instar update show` says what it is at.",
    });
  const waiting = waitOf(journal);
  if (waiting !== undefined && isOver(waiting, instance.time.tickMs()))
    throw new InstarError("CONFLICT", `the time for approving update ${update} is over`, { advice: "`instar update apply` begins it anew." });
  return { record, digest: given.digest };
}

interface Wait {
  readonly sinceTickMs: number;
  readonly record: ApprovalRecord;
  readonly waitsFor: string;
}

function waitOf(journal: readonly JournalEntry[]): Wait | undefined {
  const last = journal.findLast((entry) => entry.kind === "waiting" && entry.step === "approve");
  if (last?.kind !== "waiting") return undefined;
  const record = approvalRecord.safeParse(last.noted.approval).data;
  return record === undefined ? undefined : { record, sinceTickMs: Number(last.noted.sinceTickMs), waitsFor: last.waitsFor };
}

const isOver = ({ sinceTickMs, record, waitsFor }: Wait, nowTickMs: number) => waitsFor === "approval" && nowTickMs - sinceTickMs >= record.waitForMs;

/** While it waits, by the policies, the calendar and the clocks as they are now; afterwards, by what it was let on or ended with. */
async function viewOf(instance: Instance, update: UpdateId): Promise<ApprovalView> {
  const journal = instance.journal.read(update);
  const { start } = startOf(journal);
  const given = foldGives(journal);
  const failed = journal.findLast((entry) => entry.kind === "failed" && (entry.step === "approve" || entry.step === "decide"));
  const evidence: Gives = failed?.kind === "failed" ? (failed.evidence ?? {}) : {};
  const decision = recordIn(given) ?? recordIn(evidence);
  const { approvals } = foldAnswers(journal);
  const wait = waitOf(journal);
  const { state, because } = tellState(journal, wait);
  const ended = approvalRecord.safeParse(given.approval ?? evidence.approval).data;
  const record =
    state === "waiting" && wait !== undefined && decision !== undefined ? await lookNow(instance, wait, decision, approvals) : (ended ?? wait?.record);
  const quorum = decision === undefined || record === undefined ? 0 : planQuorum(record.policy, decision, record.context);
  const count =
    record === undefined
      ? undefined
      : countApprovals({ ...record, approvals, quorum, policy: record.rules, nowTickMs: record.nowTickMs, nowWallMs: record.nowWallMs });
  const leftMs = state !== "waiting" || wait?.waitsFor !== "approval" ? null : wait.sinceTickMs + wait.record.waitForMs - instance.time.tickMs();
  return {
    update,
    versionFrom: start.versionFrom,
    versionTo: start.versionTo,
    state,
    because: state === "waiting" ? (record?.because ?? because) : because || (record?.because ?? ""),
    decision: decision?.because ?? "",
    digest: typeof given.digest === "string" ? given.digest : null,
    quorum,
    answers: journal.flatMap((entry) => (entry.kind === "approved" ? [describeAnswer(entry.approval, entry.at, count)] : [])),
    until: leftMs === null ? null : new Date(instance.rooms.clock.wallMs() + Math.max(0, leftMs)).toISOString(),
  };
}

async function lookNow(instance: Instance, { record }: Wait, decision: DecisionRecord, approvals: readonly Approval[]): Promise<ApprovalRecord> {
  const set = await instance.rooms.readPolicies();
  const nowWallMs = instance.rooms.clock.wallMs();
  const { context } = planPolicyContext(instance.settings, nowWallMs);
  const question = {
    ...record,
    context,
    rules: digestOfRules(set, context),
    approvals: [...approvals],
    revoked: [...instance.rooms.revokedAmong(tokensOf(approvals))],
    nowTickMs: instance.time.tickMs(),
    nowWallMs,
  };
  return decideApproval(question, decision, set).record;
}

function describeAnswer(approval: Approval, at: string, count: ApprovalCount | undefined): ApprovalView["answers"][number] {
  const { by, role, because, digest, untilAt } = approval;
  const isThis = (other: Approval) => other.by === by && other.untilTickMs === approval.untilTickMs;
  return {
    ...{ by, role, because, digest, at, until: untilAt },
    counts: count?.counted.some(isThis) ?? false,
    voidBecause: count?.void.find((each) => isThis(each.approval))?.because ?? null,
  };
}

function tellState(journal: readonly JournalEntry[], wait: Wait | undefined): Pick<ApprovalView, "state" | "because"> {
  const failed = journal.findLast((entry) => entry.kind === "failed");
  const rejected = journal.find((entry) => entry.kind === "rejected");
  const isPassed = journal.some((entry) => entry.kind === "applied" && entry.step === "approve");
  if (rejected?.kind === "rejected") return { state: "rejected", because: `${rejected.by} rejected it: ${rejected.because}` };
  if (isPassed) return { state: journal.some((entry) => entry.kind === "approved") ? "approved" : "not-needed", because: "" };
  if (failed?.kind === "failed") return { state: failed.code === "NOT_APPROVED" ? "expired" : "refused", because: failed.because };
  const ended = journal.find((entry) => entry.kind === "ended" || entry.kind === "cancel-requested" || entry.kind === "supersede-requested");
  if (ended !== undefined) return { state: "cancelled", because: "because" in ended ? ended.because : "" };
  return wait === undefined ? { state: "deciding", because: "it is not decided upon yet" } : { state: "waiting", because: wait.record.because };
}
