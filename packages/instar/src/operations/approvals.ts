import { type Implementations, InstarError } from "@instar/protocol";
import type { JournalEntry, UpdateId } from "../update/journal-entry.ts";
import type { OperationContext } from "./context.ts";
import { assertMayAnswer, planApproval, readWaiting } from "./plan-approval.ts";
import { readApproval } from "./read-approval.ts";
import { daemonOf, findUpdate, openUpdate } from "./updates.ts";

/** People's word on updates that wait for it. */
export function implementApprovals(context: OperationContext): Pick<Implementations, "update.approve" | "update.reject" | "approval.list"> {
  const { instance } = context;
  return {
    "update.approve": async ({ update, because, digest }) => {
      const found = update === undefined ? openUpdate(instance) : findUpdate(instance, update);
      const { approval, isPasskeyWanted } = await planApproval(context, found, { because, digest });
      if (isPasskeyWanted)
        throw new InstarError("PASSKEY_WANTED", `update ${found} is approved with a passkey, and a token is none`, {
          facts: { update: found },
          advice: "`instar console` opens the page where yours can sign it; `instar passkey list` shows whose count.",
        });
      daemonOf(context).tell(found, { kind: "approved", approval });
      return readApproval(instance, found);
    },
    "update.reject": async ({ update, because }) => {
      const found = update === undefined ? openUpdate(instance) : findUpdate(instance, update);
      await assertMayAnswer(context, found, "update.reject");
      readWaiting(instance, found);
      daemonOf(context).tell(found, { kind: "rejected", by: context.actor.id, because });
      return readApproval(instance, found);
    },
    "approval.list": async ({ limit }) => {
      const updates = instance.journal.foldEach(findApproved).filter((update) => update !== null);
      return {
        approvals: await Promise.all(
          updates
            .toReversed()
            .slice(0, limit)
            .map((update) => readApproval(instance, update)),
        ),
      };
    },
  };
}

const findApproved = (entries: readonly JournalEntry[]): UpdateId | null => (entries.some(isOfApproval) ? (entries[0]?.update ?? null) : null);

const isOfApproval = (entry: JournalEntry) => entry.kind === "approved" || entry.kind === "rejected" || (entry.kind === "waiting" && entry.step === "approve");
