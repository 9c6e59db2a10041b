import type { ApprovalView } from "@instar/protocol";
import type { Instance } from "../daemon/instance.ts";
import type { Approval } from "../governance/approvals/approval.ts";
import { type ApprovalCount, countApprovals } from "../governance/approvals/count-approvals.ts";
import { decideApproval, planQuorum } from "../update/decided/decide-approval.ts";
import { type ApprovalRecord, approvalRecord, type DecisionRecord } from "../update/decided/decision-record.ts";
import { digestOfRules, planPolicyContext } from "../update/decided/policy-context.ts";
import { foldAnswers, tokensOf } from "../update/fold-answers.ts";
import type { Gives, JournalEntry, UpdateId } from "../update/journal-entry.ts";
import { foldGives } from "../update/plan-next-move.ts";
import { startOf } from "../update/run-update.ts";
import { recordIn } from "../update/steps/decide.ts";
import { type Wait, waitOf } from "./plan-approval.ts";

/** What people said of an update: while it waits, by the policies, the calendar and the clocks as they are now; afterwards, by what it was let on or ended with. */
export async function readApproval(instance: Instance, update: UpdateId): Promise<ApprovalView> {
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
      : countApprovals({ ...record, approvals, quorum, policy: record.rules, signed: record.wantsPasskey ? { ...record, update } : null });
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
    passkey: record?.wantsPasskey ?? decision?.policy.passkey === true,
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
    passkeys: await instance.rooms.readPasskeysOf(approvals),
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
    passkey: approval.passkey?.id ?? null,
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
