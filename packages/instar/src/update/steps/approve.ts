import type { Json } from "../../ledger/ledger-entry.ts";
import { decideApproval } from "../decided/decide-approval.ts";
import { keepPolicies } from "../decided/keep-policies.ts";
import { digestOfRules, planPolicyContext } from "../decided/policy-context.ts";
import { tokensOf } from "../fold-answers.ts";
import { defineStep, type Step } from "../step.ts";
import type { StepRooms } from "../step-rooms.ts";
import { recordIn } from "./decide.ts";

/**
 * Waits for people where the decision asks for them, and for the calendar. Each look goes by the policies as they are then, so a change of theirs voids what was
 * approved under others. Days of waiting hold nothing in memory: the answers are entries of this journal, and serve no other update.
 */
export function approveStep(rooms: StepRooms): Step {
  return defineStep({
    id: "approve",
    version: 1,
    title: "Wait for whose word is needed",
    interruptible: true,
    probe: async () => ({ found: "absent" }),
    apply: async (context) => {
      const { given, noted, answers, say, update } = context;
      const decided = recordIn(given);
      if (decided === undefined) return { kind: "refused", code: "POLICY_DENIED", because: "nothing was decided, so there is nothing that could be approved" };
      const set = await rooms.readPolicies();
      const nowTickMs = Math.round(context.tickMs());
      const nowWallMs = rooms.clock.wallMs();
      const sinceTickMs = typeof noted.sinceTickMs === "number" ? noted.sinceTickMs : nowTickMs;
      const { context: policyContext } = planPolicyContext(rooms.settings, nowWallMs);
      const { record, waitsFor, code } = decideApproval(
        {
          context: policyContext,
          policies: keepPolicies(rooms, set),
          rules: digestOfRules(set, policyContext),
          digest: String(given.digest),
          approvals: [...answers.approvals],
          revoked: [...rooms.revokedAmong(tokensOf(answers.approvals))],
          update,
          passkeys: await rooms.readPasskeysOf(answers.approvals),
          rejected: answers.rejected,
          waitedMs: nowTickMs - sinceTickMs,
          waitForMs: rooms.settings.approvals.waitFor,
          nowTickMs,
          nowWallMs,
        },
        decided,
        set,
      );
      say(record.because);
      const gives = { approval: JSON.parse(JSON.stringify(record)) as Json, approved: record.because };
      if (record.comesTo === "refused") return { kind: "refused", code: code ?? "POLICY_DENIED", because: record.because, evidence: gives };
      if (record.comesTo === "passed") return { kind: "done", gives };
      return {
        kind: "waiting",
        waitsFor: waitsFor ?? "operator",
        forMs: planNextLookMs(record),
        because: record.because,
        noted: { sinceTickMs, ...gives },
      };
    },
    undo: { needless: "it only waits" },
    describe: (gives) => String(gives.approved),
  });
}

/** Every answer is looked at when it comes; between them the calendar, the clocks and the policies are, more and more seldom, so that days do not fill the journal. */
function planNextLookMs({ waitedMs, waitForMs }: { waitedMs: number; waitForMs: number }): number {
  const untilOverMs = Math.max(1_000, waitForMs - waitedMs);
  return Math.min(Math.max(waitedMs / 10, 2_000), 300_000, untilOverMs);
}
