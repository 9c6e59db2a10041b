import { InstarError } from "@instar/protocol";
import { planStrategy } from "../settings/plan-strategy.ts";
import { defineConfigurationUpdate } from "../update/configuration-update.ts";
import type { UpdateId, UpdateStart } from "../update/journal-entry.ts";
import { newId } from "../update/new-id.ts";
import { planLedgerStatements } from "../update/plan-ledger-statements.ts";
import { pinSteps } from "../update/run-update.ts";
import type { Instance } from "./instance.ts";

/**
 * Writes the first entry of an update: from here it exists, and whoever drives next takes it on.
 * @throws InstarError CONFLICT where another one has not ended: one at a time per target
 */
export function beginUpdate(instance: Instance, start: Omit<UpdateStart, "strategy">): UpdateId {
  const [open] = instance.journal.unfinished();
  if (open !== undefined)
    throw new InstarError("CONFLICT", `update ${open} is under way`, { facts: { update: open }, advice: "Wait for it, or `instar update cancel`." });
  const update = newId() as UpdateId;
  const pinned: UpdateStart = { ...start, strategy: planStrategy(instance.settings).strategy };
  const body = { kind: "started", steps: pinSteps(stepsOf(instance, start)), start: pinned } as const;
  instance.journal.append({ update, attempt: 0, body, ledger: planLedgerStatements(update, pinned, body, {}) });
  return update;
}

function stepsOf(
  { rooms, codeUpdate, goingBack, restoring, watchingAgain }: Instance,
  { kind, trigger, edits, rebuilds }: Pick<UpdateStart, "kind" | "trigger" | "edits" | "rebuilds">,
): Instance["codeUpdate"] {
  if (kind === "configuration") return defineConfigurationUpdate(rooms, { restart: edits?.restart ?? false });
  if (trigger === "rollback") return goingBack({ rebuilds: rebuilds !== undefined, edits: edits !== undefined });
  if (trigger === "restore") return restoring;
  return trigger === "watch-again" ? watchingAgain : codeUpdate;
}
