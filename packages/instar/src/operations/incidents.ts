import { type Implementations, InstarError } from "@instar/protocol";
import { noteCause, readIncidents } from "../daemon/instance.ts";
import { transact } from "../database/open-database.ts";
import type { OperationContext } from "./context.ts";
import { daemonOf, findUpdate } from "./updates.ts";

/** What went wrong in service, and what people found out about it. */
export function implementIncidents(context: OperationContext): Pick<Implementations, "incident.list" | "incident.note"> {
  const { instance, actor } = context;
  return {
    "incident.list": async () => ({ incidents: readIncidents(instance).toReversed().map(asView) }),
    "incident.note": async ({ incident, cause }) => {
      daemonOf(context);
      const update = findUpdate(instance, incident);
      const known = readIncidents(instance).find(({ id }) => id === update);
      if (known === undefined)
        throw new InstarError("NOT_FOUND", `the update ${update} had no incident`, { advice: "`instar incident list` shows those that had." });
      transact(instance.database, () => {
        noteCause(instance, update, cause);
        instance.ledger.append({
          event: "INCIDENT_EXPLAINED",
          actor,
          description: `the cause of the incident of update ${update}: ${cause}`,
          update,
          success: true,
        });
      });
      return asView({ ...known, cause });
    },
  };
}

const asView = ({ pattern, ...incident }: ReturnType<typeof readIncidents>[number]) => ({
  ...incident,
  pattern: {
    dependencies: [...pattern.dependencies],
    touches: [...pattern.touches],
    files: [...pattern.files],
    components: [...pattern.components],
  },
});
