import type { HealthCheckResult } from "@instar/protocol";

/** What one check came to, before its name and gate are put to it. */
export type Judged = Pick<HealthCheckResult, "verdict" | "because" | "evidence">;
