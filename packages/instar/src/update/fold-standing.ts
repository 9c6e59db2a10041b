import type { ErrorCode, Outcome } from "@instar/protocol";
import type { Gives, JournalEntry, UpdateId, UpdateStart } from "./journal-entry.ts";
import { foldGives } from "./plan-next-move.ts";

export interface EndedUpdate {
  readonly update: UpdateId;
  readonly start: UpdateStart;
  readonly outcome: Outcome;
  readonly because: string;
  readonly given: Gives;
  /** A person told it to stop. */
  readonly isCancelled: boolean;
  /** A newer version took its place before anybody met it: nothing was found of it. */
  readonly gaveWay: boolean;
  /** What failed it, where something did. */
  readonly failure: { readonly step: string; readonly code: ErrorCode; readonly because: string } | null;
  /** Wall time of its end. */
  readonly at: string;
  /** Wall time from which on its version served; null where it never did. */
  readonly servedAt: string | null;
}

export interface Standing {
  /** The release that should run: of the newest update that stayed in place. */
  readonly running: { readonly release: string; readonly version: string; readonly commit: string } | null;
  /** The way back: the newest release that was watched to the end, or that a person accepted. */
  readonly committed: { readonly release: string; readonly version: string; readonly commit: string } | null;
  readonly ended: readonly EndedUpdate[];
}

export const hasGivenWay = (journal: readonly JournalEntry[]): boolean =>
  journal.some((entry) => entry.kind === "ended" && entry.outcome === "cancelled") && journal.some(({ kind }) => kind === "supersede-requested");

/** What an update that ended says of where the instance stands; undefined of one that is open, or that only edits what a release reads. */
export interface StandingFold {
  readonly ended: EndedUpdate;
  /** The release that it made, where it made one. */
  readonly release: string | undefined;
  readonly isAccepted: boolean;
}

/** @param give what its steps gave, which is much: it may be read again when it is asked for */
export function foldEnded(journal: readonly JournalEntry[], give: () => Gives): StandingFold | undefined {
  const [first] = journal;
  const last = journal.at(-1);
  if (first?.kind !== "started" || last?.kind !== "ended") return undefined;
  const { start } = first;
  // Edits change what a release reads, and not which one runs.
  if (start.kind === "configuration") return undefined;
  const failure = journal.findLast((entry) => entry.kind === "failed");
  const { release } = foldGives(journal);
  return {
    ended: {
      update: first.update,
      start,
      outcome: last.outcome,
      because: last.because,
      get given() {
        return give();
      },
      isCancelled: journal.some(({ kind }) => kind === "cancel-requested"),
      gaveWay: hasGivenWay(journal),
      failure: failure?.kind === "failed" ? { step: failure.step, code: failure.code, because: failure.because } : null,
      at: last.at,
      servedAt: journal.find((entry) => entry.kind === "applied" && (entry.step === "switch" || entry.step === "put-back"))?.at ?? null,
    },
    release: typeof release === "string" ? release : undefined,
    // What was never exchanged cannot be stayed with: accepted in a trial, the one before goes on serving.
    isAccepted:
      last.outcome === "stuck-resolved" &&
      journal.some((entry) => entry.kind === "resolved" && entry.how === "accept") &&
      journal.some((entry) => entry.kind === "applying" && entry.step === "switch"),
  };
}

/** Where the instance stands, from what each update says, oldest first. Never stored: the journals are the only truth. */
export function joinStanding(folds: readonly (StandingFold | undefined)[]): Standing {
  let running: Standing["running"] = null;
  let committed: Standing["committed"] = null;
  const ended: EndedUpdate[] = [];
  for (const fold of folds) {
    if (fold === undefined) continue;
    const { outcome, start } = fold.ended;
    ended.push(fold.ended);
    // Going back ends at the last committed release, also where an update that was superseded ran in between.
    if (outcome === "rolled-back") running = committed;
    if (outcome !== "committed" && outcome !== "superseded" && !fold.isAccepted) continue;
    if (fold.release === undefined) continue;
    running = { release: fold.release, version: start.versionTo, commit: start.commit };
    if (outcome !== "superseded") committed = running;
  }
  return { running, committed, ended };
}
