import type { Implementations } from "@instar/protocol";
import { implementAccess } from "./access.ts";
import { implementAgentNotes } from "./agent-notes.ts";
import { implementApprovals } from "./approvals.ts";
import { implementAudit } from "./audit.ts";
import { implementBackups } from "./backups.ts";
import { implementConsole } from "./console.ts";
import type { OperationContext } from "./context.ts";
import { implementDiff } from "./diff.ts";
import { implementDoctor } from "./doctor.ts";
import { implementEdits } from "./edits.ts";
import { implementHealth } from "./health.ts";
import { implementImpact } from "./impact.ts";
import { implementIncidents } from "./incidents.ts";
import { implementKeeper } from "./keeper.ts";
import { implementObservation } from "./observation.ts";
import { implementPasskeys } from "./passkeys.ts";
import { implementPlan } from "./plan.ts";
import { implementPolicies } from "./policies.ts";
import { implementRecords } from "./records.ts";
import { implementRollback } from "./rollback.ts";
import { implementSelf } from "./self.ts";
import { implementSettings } from "./settings.ts";
import { implementSources } from "./sources.ts";
import { implementStatus } from "./status.ts";
import { implementTasks } from "./tasks.ts";
import { implementUpdates } from "./updates.ts";

/** The protocol's operations, one function each. The compiler refuses a table with a gap. */
export function implementOperations(context: OperationContext): Implementations {
  return {
    ...implementStatus(context),
    ...implementPlan(context),
    ...implementImpact(context),
    ...implementUpdates(context),
    ...implementDiff(context),
    ...implementSelf(context),
    ...implementAgentNotes(context),
    ...implementSources(context),
    ...implementTasks(context),
    ...implementApprovals(context),
    ...implementPasskeys(context),
    ...implementPolicies(context),
    ...implementRollback(context),
    ...implementEdits(context),
    ...implementSettings(context),
    ...implementRecords(context),
    ...implementAudit(context),
    ...implementIncidents(context),
    ...implementBackups(context),
    ...implementObservation(context),
    ...implementHealth(context),
    ...implementKeeper(context),
    ...implementDoctor(context),
    ...implementAccess(context),
    ...implementConsole(context),
  };
}
