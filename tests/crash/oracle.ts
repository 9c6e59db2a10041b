import { judgeBlueGreen } from "./judge-blue-green.ts";
import { countLost, judgeClients, type Lost } from "./judge-clients.ts";
import { judgeDisk } from "./judge-disk.ts";
import { judgeJournals, outcomeOf, versionOf } from "./judge-journals.ts";
import { judgeLedger } from "./judge-ledger.ts";
import { judgeMeetings } from "./judge-meetings.ts";
import { judgeSights } from "./judge-sights.ts";
import { type Evidence, readEvidence, type Witnesses } from "./read-evidence.ts";

export interface Judgement {
  /** What is not as it was promised; empty where all is well. */
  readonly violations: readonly string[];
  /** version → outcome, of every update that ended. */
  readonly outcomes: ReadonlyMap<string, string>;
  readonly lost: Lost;
  readonly acknowledged: number;
}

/**
 * Judges an instance from its disk, from what the clients saw and from what was noted beside it. Shares no code with the product:
 * whoever breaks the product's own reading of its journal, ledger or releases does not break this.
 */
export function judge(witnesses: Witnesses): Judgement {
  const evidence = readEvidence(witnesses);
  return {
    violations: listViolations(evidence),
    outcomes: new Map(evidence.journals.flatMap((journal) => (outcomeOf(journal) === null ? [] : [[versionOf(journal), String(outcomeOf(journal))]]))),
    lost: countLost(evidence),
    acknowledged: evidence.answers.filter(({ status }) => status === 201).length,
  };
}

function listViolations(evidence: Evidence): string[] {
  return [
    ...judgeJournals(evidence),
    ...judgeLedger(evidence),
    ...judgeDisk(evidence),
    ...judgeSights(evidence),
    ...judgeBlueGreen(evidence),
    ...judgeMeetings(evidence),
    ...judgeClients(evidence),
  ];
}
