import { InstarError } from "@instar/protocol";
import type { Instance } from "../daemon/instance.ts";
import { isInScope } from "../governance/access/is-in-scope.ts";
import type { Approval } from "../governance/approvals/approval.ts";
import { countApprovals } from "../governance/approvals/count-approvals.ts";
import { isAuthor } from "../governance/approvals/is-author.ts";
import { askPolicies } from "../governance/policy/ask-policies.ts";
import { decideProceeding } from "../governance/policy/decide-proceeding.ts";
import { planAnswerRequest } from "../governance/policy/policy-request.ts";
import { planPasskey } from "../update/decided/decide-approval.ts";
import { type ApprovalRecord, approvalRecord, type DecisionRecord } from "../update/decided/decision-record.ts";
import { digestOfRules, planPolicyContext } from "../update/decided/policy-context.ts";
import { foldAnswers, tokensOf } from "../update/fold-answers.ts";
import type { JournalEntry, UpdateId } from "../update/journal-entry.ts";
import { foldGives } from "../update/plan-next-move.ts";
import { recordIn } from "../update/steps/decide.ts";
import type { OperationContext } from "./context.ts";
import { readDoorRole } from "./read-door-role.ts";

export interface PlannedApproval {
  /** Without what a passkey signs. */
  readonly approval: Approval;
  readonly isPasskeyWanted: boolean;
}

/** A person's approval of what waits now, under the rules of now. @throws InstarError FORBIDDEN, POLICY_INVALID, CONFLICT */
export async function planApproval(
  context: OperationContext,
  update: UpdateId,
  said: { readonly because: string; readonly digest: string | undefined },
): Promise<PlannedApproval> {
  const { instance, actor, caller } = context;
  const { rooms, settings, time } = instance;
  const { rules, isPasskeyWanted } = await assertMayAnswer(context, update, "update.approve");
  const { digest } = readWaiting(instance, update);
  if (said.digest !== undefined && !isSameDigest(said.digest, digest))
    throw new InstarError("CONFLICT", `${said.digest} is not what waits for approval; that is ${digest}`, {
      facts: { update, digest },
      advice: "`instar approval list` shows it; look at it again, then approve what is there.",
    });
  const { approvals } = foldAnswers(instance.journal.read(update));
  const passkeys = await rooms.readPasskeysOf(approvals);
  const tickMs = Math.round(time.tickMs());
  const wallMs = rooms.clock.wallMs();
  const own = countApprovals({
    approvals: approvals.filter(({ by }) => by === actor.id),
    quorum: 1,
    digest,
    policy: rules,
    revoked: rooms.revokedAmong(tokensOf(approvals)),
    nowTickMs: tickMs,
    nowWallMs: wallMs,
    signed: isPasskeyWanted ? { update, passkeys } : null,
  });
  if (own.isEnough)
    throw new InstarError("CONFLICT", `${actor.id} has approved it already`, { advice: "Where more than one must, another person's word is needed." });
  const { validFor } = settings.approvals;
  const approval: Approval = {
    by: actor.id,
    token: caller.token,
    role: caller.role,
    digest,
    policy: rules,
    because: said.because,
    untilTickMs: tickMs + validFor,
    untilAt: new Date(wallMs + validFor).toISOString(),
  };
  return { approval, isPasskeyWanted };
}

/** Whole, or its beginning of at least twelve digits, with `sha256:` or without. */
function isSameDigest(said: string, digest: string): boolean {
  const [wanted, hex] = [said.replace(/^sha256:/, ""), digest.replace(/^sha256:/, "")];
  return wanted.length >= 12 && hex.startsWith(wanted);
}

/** @throws InstarError FORBIDDEN by the policies or the token's own limits, POLICY_INVALID, CONFLICT where it was not decided upon */
export async function assertMayAnswer(
  context: OperationContext,
  update: UpdateId,
  operation: "update.approve" | "update.reject",
): Promise<{ readonly rules: string; readonly isPasskeyWanted: boolean }> {
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
  // Also where it comes as another operation: signed by a passkey it is the same answer.
  if (!isInScope(caller.scope, operation)) throw new InstarError("FORBIDDEN", `the token ${caller.name} is limited, and ${operation} is not among what it may`);
  const now = planPolicyContext(instance.settings, instance.rooms.clock.wallMs()).context;
  const outcome = decideProceeding(set, facts, now);
  return { rules: digestOfRules(set, now), isPasskeyWanted: planPasskey({ ...outcome, policies: [...outcome.policies] }, record, now, set) };
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
export function readWaiting(instance: Instance, update: UpdateId): { record: DecisionRecord; digest: string } {
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

export interface Wait {
  readonly sinceTickMs: number;
  readonly record: ApprovalRecord;
  readonly waitsFor: string;
}

export function waitOf(journal: readonly JournalEntry[]): Wait | undefined {
  const last = journal.findLast((entry) => entry.kind === "waiting" && entry.step === "approve");
  if (last?.kind !== "waiting") return undefined;
  const record = approvalRecord.safeParse(last.noted.approval).data;
  return record === undefined ? undefined : { record, sinceTickMs: Number(last.noted.sinceTickMs), waitsFor: last.waitsFor };
}

const isOver = ({ sinceTickMs, record, waitsFor }: Wait, nowTickMs: number) => waitsFor === "approval" && nowTickMs - sinceTickMs >= record.waitForMs;
