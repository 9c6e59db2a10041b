import type { RollbackPlan, Verdict } from "@instar/protocol";
import type { KnownRelease, KnownSnapshot, RollbackAsked, RollbackFacts } from "./rollback-facts.ts";

type Check = RollbackPlan["checks"][number];

interface Going {
  readonly goesTo: KnownRelease;
  readonly quarantinedAllowed: boolean;
  /** Put back with the code; null where the state stays. */
  readonly snapshot: KnownSnapshot | null;
  /** Why the old version would not run on today's state. */
  readonly stateNeeded: string | null;
  readonly asked: RollbackAsked;
}

/** A file system that is full to its last byte can neither rename nor start anything. */
const LEAST_FREE_BYTES = 8 * 1_048_576;

/** The specification's five checks before a rollback (`self-updating-loop` §6.4), in its order. `fail` refuses it; `nodata` says that nobody can know. Pure. */
export function judgeRollbackChecks(facts: RollbackFacts, going: Going): Check[] {
  return [judgeKeeping(facts), judgeSpace(facts, going), judgeSnapshot(going), judgeDependencies(facts, going), judgeTarget(going)];
}

const check = (name: Check["check"], verdict: Verdict, because: string): Check => ({ check: name, verdict, because });

function judgeKeeping({ state }: RollbackFacts): Check {
  if (state.kind === "none") return check("backup_current_state", "pass", "there is no state to keep");
  if (state.kind === "external") return check("backup_current_state", "nodata", "the state is external: what it is now is yours to keep");
  return check("backup_current_state", "pass", "today's state is kept as a snapshot while nothing writes to it, before anything changes");
}

function judgeSpace({ state, freeBytes, reserveBytes }: RollbackFacts, { snapshot }: Going): Check {
  const neededBytes = LEAST_FREE_BYTES + (state.kind === "exclusive" ? state.sizeBytes : 0) + (snapshot?.sizeBytes ?? 0);
  const haveBytes = freeBytes + reserveBytes;
  const numbers = `${mib(neededBytes)} are needed at most, ${mib(haveBytes)} are free${reserveBytes > 0 ? " with the reserve" : ""}`;
  return check("check_disk_space", haveBytes >= neededBytes ? "pass" : "fail", haveBytes >= neededBytes ? numbers : `the disk is too full: ${numbers}`);
}

function judgeSnapshot({ snapshot }: Going): Check {
  if (snapshot === null) return check("verify_backup_integrity", "pass", "no snapshot is put back");
  if (!snapshot.isWhole) return check("verify_backup_integrity", "fail", `snapshot ${snapshot.id} is not whole`);
  return check(
    "verify_backup_integrity",
    "pass",
    `snapshot ${snapshot.id} is whole; every byte is compared with its digest while it is put back, before anything moves`,
  );
}

function judgeDependencies({ missingPrograms }: RollbackFacts, { goesTo }: Going): Check {
  if (missingPrograms !== null) return check("check_dependencies", "fail", missingPrograms);
  if (goesTo.files === "intact")
    return check("check_dependencies", "pass", "the release and what it was installed with are what was sealed, and its programs are there");
  return check("check_dependencies", "pass", `its programs are there; ${goesTo.isKept ? "its files come from the store" : "what it needs is installed anew"}`);
}

function judgeTarget({ goesTo, quarantinedAllowed, stateNeeded }: Going): Check {
  if (goesTo.quarantined !== null && !quarantinedAllowed)
    return check("validate_target_state", "fail", `release ${goesTo.release} is quarantined: ${goesTo.quarantined}. --quarantined goes there all the same`);
  if (stateNeeded !== null)
    return check(
      "validate_target_state",
      "fail",
      `code alone cannot go back: ${stateNeeded}. --with-state puts the state of then back too, and keeps today's aside; --code-alone tries all the same`,
    );
  return check("validate_target_state", "pass", "it ran here before; if it does not get ready now, what runs comes back");
}

const mib = (bytes: number) => `${Math.ceil(bytes / 1_048_576)} MiB`;
