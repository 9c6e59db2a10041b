import { CHECKS_AFTER, CHECKS_BEFORE, type HealthCheckName, type HealthCheckResult } from "@instar/protocol";
import type { HealthFacts } from "./health-facts.ts";
import { judgeDatabase, judgeMigrated } from "./judge-database.ts";
import { judgeLog } from "./judge-log.ts";
import { judgeDiskSpace, judgeMemory, judgeSystemHealth } from "./judge-machine.ts";
import { judgeConfiguration, judgeEndpoints, judgeNetwork, judgeServiceStatus } from "./judge-service.ts";
import type { Judged } from "./judged.ts";

/** Facts of one moment: each moment needs its own checks' parts only. */
export type FactsBefore = Pick<HealthFacts, "machine" | "disk" | "memory" | "network" | "service" | "database">;
export type FactsAfter = Pick<HealthFacts, "machine" | "service" | "configuration" | "migration" | "endpoints" | "log">;

/** The specification's checks before an exchange (`self-updating-loop` §7.4), in its order. Pure. */
export function judgeBefore(facts: FactsBefore): HealthCheckResult[] {
  const judges: Readonly<Record<(typeof CHECKS_BEFORE)[number], () => Judged>> = {
    system_health: () => judgeSystemHealth(facts),
    disk_space: () => judgeDiskSpace(facts),
    memory_available: () => judgeMemory(facts),
    network_connectivity: () => judgeNetwork(facts),
    service_status: () => judgeServiceStatus(facts, "before"),
    database_connection: () => judgeDatabase(facts),
  };
  return CHECKS_BEFORE.map((check) => ({ check, when: "before", gate: ADVISORY_BEFORE.includes(check) ? "advisory" : "required", ...judges[check]() }));
}

/** And after it. */
export function judgeAfter(facts: FactsAfter): HealthCheckResult[] {
  const judges: Readonly<Record<(typeof CHECKS_AFTER)[number], () => Judged>> = {
    system_health: () => judgeSystemHealth(facts),
    service_status: () => judgeServiceStatus(facts, "after"),
    configuration_valid: () => judgeConfiguration(facts),
    database_migrated: () => judgeMigrated(facts),
    api_endpoints_responsive: () => judgeEndpoints(facts),
    log_no_errors: () => judgeLog(facts),
  };
  return CHECKS_AFTER.map((check) => ({ check, when: "after", gate: ADVISORY_AFTER.includes(check) ? "advisory" : "required", ...judges[check]() }));
}

/** An exchange of what was fetched already needs no network. */
const ADVISORY_BEFORE: readonly HealthCheckName[] = ["network_connectivity"];
/**
 * A version is not put back for what the machine does, nor for a line of its log alone: the rehearsal refused new errors where old and new stood side
 * by side, and the watch counts what people meet.
 */
const ADVISORY_AFTER: readonly HealthCheckName[] = ["system_health", "log_no_errors"];
