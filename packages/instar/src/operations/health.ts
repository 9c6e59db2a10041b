import type { Implementations } from "@instar/protocol";
import { readStanding } from "../daemon/instance.ts";
import { decideHealthChecks } from "../observation/checks/decide-health-checks.ts";
import { checkHealth } from "../update/health/check-health.ts";
import type { OperationContext } from "./context.ts";

/** Makes the checks of before or after an exchange now, of what serves. Touches nothing. */
export function implementHealth({ instance }: OperationContext): Pick<Implementations, "health"> {
  return {
    health: async ({ when }) => {
      const { running, ended } = readStanding(instance);
      const before = ended.findLast(({ given }) => given.release === running?.release)?.start.releaseFrom ?? null;
      const subject = {
        report: await instance.rooms.keeper.state().catch(() => undefined),
        release: running?.release ?? null,
        releaseBefore: before,
        copies: null,
        predicted: null,
        scratch: `${instance.folder}/asked/health`,
      };
      const checks = await checkHealth(instance.rooms, when, subject, `${instance.folder}/logs/health.log`);
      const { verdict, because } = decideHealthChecks(checks);
      return { verdict, because, checks };
    },
  };
}
