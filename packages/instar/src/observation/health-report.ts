import type { Verdict } from "@instar/protocol";

/** What somebody who was asked how an agent is came to. Silence is `nodata`, never a pass. */
export interface HealthReport {
  readonly verdict: Verdict;
  readonly because: string;
}
