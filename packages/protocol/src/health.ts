import { z } from "zod";
import { VERDICTS } from "./verdict.ts";

/** What is asked of machine and agent before an exchange (`self-updating-loop` §7.4). */
export const CHECKS_BEFORE = ["system_health", "disk_space", "memory_available", "network_connectivity", "service_status", "database_connection"] as const;
/** And after it. */
export const CHECKS_AFTER = [
  "system_health",
  "service_status",
  "configuration_valid",
  "database_migrated",
  "api_endpoints_responsive",
  "log_no_errors",
] as const;
export type HealthCheckName = (typeof CHECKS_BEFORE)[number] | (typeof CHECKS_AFTER)[number];

export const healthCheckResult = z.object({
  check: z.string().describe("One of the built-in checks, or the name of a command in health.before or health.after"),
  when: z.enum(["before", "after"]),
  verdict: z.enum(VERDICTS).describe("nodata: the agent has none of what the check asks about; error: it could not be asked"),
  gate: z.enum(["required", "advisory"]).describe("required: a fail or an error refuses; advisory: it is only said"),
  because: z.string(),
  evidence: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).describe("What was seen, by name; units stand in the names"),
});
export type HealthCheckResult = z.output<typeof healthCheckResult>;
