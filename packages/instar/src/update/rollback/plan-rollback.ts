import { InstarError, type RollbackPlan } from "@instar/protocol";
import type { EndedUpdate } from "../fold-standing.ts";
import type { UpdateId } from "../journal-entry.ts";
import { findTarget } from "./find-target.ts";
import { judgeRollbackChecks } from "./judge-rollback-checks.ts";
import type { KnownEdit, KnownRelease, RollbackAsked, RollbackFacts } from "./rollback-facts.ts";

/** A plan with what the engine needs to carry it out. */
export interface PlannedRollback extends RollbackPlan {
  readonly goesTo: KnownRelease;
  /** The snapshot's id: the update whose state is put back. */
  readonly stateOf: UpdateId | null;
  readonly undoes: readonly KnownEdit[];
}

type Part = RollbackPlan["parts"][number];

/**
 * Chooses how to go back: for the code, the state and the configuration each the strategy that is sure and costs least, with its reason. Pure: the same for
 * `--dry-run` and for the act itself. What it refuses is in `verdict`, `because` and the checks.
 *
 * @throws InstarError NOT_FOUND, CONFLICT, INPUT_INVALID where the question itself makes no sense
 */
export function planRollback(facts: RollbackFacts, asked: RollbackAsked): PlannedRollback {
  if (asked.withState && asked.codeAlone) throw new InstarError("INPUT_INVALID", "--with-state and --code-alone exclude each other");
  const { running } = facts.standing;
  if (running === null) throw new InstarError("CONFLICT", "nothing runs, so there is nothing to go back from");
  const { goesTo, atMs, words, snapshot: chosen } = findTarget(facts, asked.target);
  const state = planState(facts, asked, { goesTo, atMs, chosen });
  const undoes = atMs === null ? [] : facts.edits.filter((edit) => edit.atMs > atMs).toReversed();
  const code = planCode(goesTo, running.release);
  if (code === undefined && state.part === undefined && undoes.length === 0)
    throw new InstarError("CONFLICT", `${goesTo.version} runs already, and nothing else is asked back`, { facts: { release: goesTo.release } });
  const parts: Part[] = [
    ...(code === undefined ? [] : [code]),
    ...(state.part === undefined ? [] : [state.part]),
    ...undoes.map(
      (edit): Part => ({
        what: "configuration",
        strategy: "incremental undo",
        because: `update ${edit.update} (${edit.because}) came after it: ${edit.files.join(", ")} go back to what they were`,
      }),
    ),
  ];
  const checks = judgeRollbackChecks(facts, {
    goesTo,
    quarantinedAllowed: asked.quarantined,
    snapshot: state.snapshot,
    stateNeeded: state.neededBecause,
    asked,
  });
  const failing = checks.find(({ verdict }) => verdict === "fail");
  return {
    target: { release: goesTo.release, version: goesTo.version, commit: goesTo.commit, because: words },
    parts,
    takes: planTime(facts, code),
    lost: planLoss(facts, state.snapshot?.id ?? null, undoes),
    checks,
    verdict: failing === undefined ? (checks.find(({ verdict }) => verdict !== "pass")?.verdict ?? "pass") : "fail",
    because: failing === undefined ? `${goesTo.version} can serve again` : failing.because,
    goesTo,
    stateOf: (state.snapshot?.id ?? null) as UpdateId | null,
    undoes,
  };
}

/** Undefined where the release runs already. */
function planCode(goesTo: KnownRelease, running: string): Part | undefined {
  const part = (strategy: Part["strategy"], because: string): Part => ({ what: "code", strategy, because });
  if (goesTo.release === running) return undefined;
  const named = `${goesTo.version} (${goesTo.commit.slice(0, 10)})`;
  if (goesTo.files === "intact") return part("git reset", `release ${goesTo.release} of ${named} is on disk and still what was sealed: it is started again`);
  const lost = goesTo.files === "gone" ? "is no longer on disk" : `was changed on disk (${goesTo.filesBecause})`;
  if (goesTo.isKept) return part("backup restore", `release ${goesTo.release} ${lost}, and a copy of it is kept: its files are put back from there`);
  return part(
    "state reconstruction",
    `release ${goesTo.release} ${lost}, and no copy of it is kept: ${named} is fetched and built anew, and compared with the digest on the ledger`,
  );
}

interface StatePlan {
  readonly part: Part | undefined;
  readonly snapshot: RollbackFacts["snapshots"][number] | null;
  /** Why the state would have to go back and does not; null where it need not. */
  readonly neededBecause: string | null;
}

/**
 * State goes back only where it is asked for, or where the target is a moment whose state was kept. Where the rehearsal has shown that the old version does
 * not run on what the new one leaves, code alone is refused before anything stops: the person decides, with what it costs in front of them.
 */
function planState(
  { snapshots, standing, state }: RollbackFacts,
  asked: RollbackAsked,
  { goesTo, atMs, chosen }: { goesTo: KnownRelease; atMs: number | null; chosen: RollbackFacts["snapshots"][number] | null },
): StatePlan {
  const bringer = findBringer(standing);
  const isOneBack = bringer !== undefined && (bringer.start.wayBack === goesTo.release || bringer.start.releaseFrom === goesTo.release);
  const none: StatePlan = { part: undefined, snapshot: null, neededBecause: null };
  if (asked.codeAlone) return none;
  const neededBecause = isOneBack && bringer.given.wayBack === "with-state" ? String(bringer.given.wayBackBecause) : null;
  if (!asked.withState && asked.target.kind !== "checkpoint") return { ...none, neededBecause };
  if (state.kind !== "exclusive")
    throw new InstarError("CONFLICT", `the agent's state is ${state.kind}: Instar keeps no snapshots of it`, {
      advice: "Without --with-state the code alone goes back.",
    });
  const snapshot = chosen ?? findSnapshot(snapshots, { bringer: isOneBack ? bringer : undefined, release: goesTo.release, atMs });
  if (snapshot === undefined)
    throw new InstarError("CONFLICT", `there is no snapshot of the state from when ${goesTo.version} ran`, {
      advice: "`instar rollback --code-alone` goes back with the code alone; `instar backup list` shows what there is.",
    });
  return {
    part: {
      what: "state",
      strategy: "backup restore",
      because: `snapshot ${snapshot.id} of ${new Date(snapshot.takenAtMs).toISOString()} is put back; today's state is kept aside`,
    },
    snapshot,
    neededBecause: null,
  };
}

/** The one that was taken in the exchange away from the target, or else the newest from when the target ran, at or before the time. */
function findSnapshot(
  snapshots: RollbackFacts["snapshots"],
  { bringer, release, atMs }: { bringer: EndedUpdate | undefined; release: string; atMs: number | null },
): RollbackFacts["snapshots"][number] | undefined {
  const ofExchange = snapshots.find(({ id, isWhole, hasState }) => isWhole && hasState && id === bringer?.given.snapshot);
  if (atMs === null && ofExchange !== undefined) return ofExchange;
  return snapshots.find((snapshot) => snapshot.isWhole && snapshot.hasState && snapshot.release === release && (atMs === null || snapshot.takenAtMs <= atMs));
}

/** The update that put in place what runs. */
function findBringer({ ended, running }: RollbackFacts["standing"]): EndedUpdate | undefined {
  return ended.findLast(
    ({ start, given, outcome }) => start.trigger !== "restore" && given.release === running?.release && outcome !== "rolled-back" && outcome !== "refused",
  );
}

/** Which they are is read from the disk, where a state is to go back. */
const NO_FILES = { total: 0, first: [] };

function planTime({ rollbackMs }: RollbackFacts, code: Part | undefined): RollbackPlan["takes"] {
  if (code?.strategy === "state reconstruction")
    return { ms: null, because: "it is built anew while what runs goes on serving; only the exchange at the end interrupts anything" };
  if (rollbackMs !== null) return { ms: rollbackMs, because: "the median of the ways back that this instance has gone" };
  return { ms: null, because: "this instance has never gone back: nothing was measured yet" };
}

function planLoss({ writesSince, state, standing }: RollbackFacts, snapshot: string | null, undoes: readonly KnownEdit[]): RollbackPlan["lost"] {
  const edits = undoes.map(({ update }) => update);
  if (snapshot === null)
    return {
      writes: 0,
      isKnown: true,
      because: state.kind === "none" ? "there is no state" : "the state stays as it is",
      keptAside: false,
      files: NO_FILES,
      edits,
    };
  // Counted is since what runs came: a snapshot of any other moment lacks more, or less.
  const isCounted = findBringer(standing)?.given.snapshot === snapshot;
  const { writes, isKnown: isWhole } = writesSince ?? { writes: 0, isKnown: false };
  const isKnown = isWhole && isCounted;
  return {
    writes,
    isKnown,
    because: `what was written since that snapshot is not in it${writesSince === null ? "" : `: ${isKnown ? "" : "at least "}${writes} acknowledged writes since what runs came`}; it is kept aside, not thrown away`,
    keptAside: true,
    files: NO_FILES,
    edits,
  };
}
