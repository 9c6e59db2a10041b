import { readErrorKinds, renderErrorKinds } from "../../platform/read-error-kinds.ts";
import { type HealthFacts, isUnknown } from "./health-facts.ts";
import type { Judged } from "./judged.ts";

/** Error lines since the new version's start that the old version's log does not have, times, ids and numbers aside. */
export function judgeLog({ log }: Pick<HealthFacts, "log">): Judged {
  if (log === null) return { verdict: "nodata", because: "there is no log", evidence: {} };
  if (isUnknown(log)) return { verdict: "error", because: log.unknown, evidence: {} };
  const [its, known] = [readErrorKinds(log.new, log.patterns), readErrorKinds(log.old ?? "", log.patterns)];
  if (its === undefined || known === undefined)
    return { verdict: "error", because: "rehearsal.logErrors or rehearsal.ignoreLog did not come to an end on the log within a second", evidence: {} };
  const added = [...its].filter(([kind]) => !known.has(kind)).map(([, one]) => one);
  const evidence = { kinds: its.size, newKinds: added.length };
  if (added.length === 0)
    return { verdict: "pass", because: its.size === 0 ? "its log has no error lines" : "its log has no error lines that the old version's has not", evidence };
  const told = `${added.length === 1 ? "one kind" : `${added.length} kinds`} of error lines`;
  if (log.old === null)
    return { verdict: "inconclusive", because: `it writes ${told}, and there is no old log to compare with: ${renderErrorKinds(added)}`, evidence };
  return { verdict: "fail", because: `it writes ${told} that the old version did not: ${renderErrorKinds(added)}`, evidence };
}
