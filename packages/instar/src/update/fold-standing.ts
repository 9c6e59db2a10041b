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

/** Where the instance stands, from all journals, oldest update first. Never stored: the journals are the only truth. */
export function foldStanding(journals: readonly (readonly JournalEntry[])[]): Standing {
  let running: Standing["running"] = null;
  let committed: Standing["committed"] = null;
  const ended: EndedUpdate[] = [];
  for (const journal of journals) {
    const [first] = journal;
    const last = journal.at(-1);
    if (first?.kind !== "started" || last?.kind !== "ended") continue;
    const { start } = first;
    // Edits change what a release reads, and not which one runs.
    if (start.kind === "configuration") continue;
    const given = foldGives(journal);
    const failure = journal.findLast((entry) => entry.kind === "failed");
    ended.push({
      update: first.update,
      start,
      outcome: last.outcome,
      because: last.because,
      given,
      isCancelled: journal.some(({ kind }) => kind === "cancel-requested"),
      gaveWay: hasGivenWay(journal),
      failure: failure?.kind === "failed" ? { step: failure.step, code: failure.code, because: failure.because } : null,
      at: last.at,
      servedAt: journal.find((entry) => entry.kind === "applied" && (entry.step === "switch" || entry.step === "put-back"))?.at ?? null,
    });
    // What was never exchanged cannot be stayed with: accepted in a trial, the one before goes on serving.
    const isAccepted =
      last.outcome === "stuck-resolved" &&
      journal.some((entry) => entry.kind === "resolved" && entry.how === "accept") &&
      journal.some((entry) => entry.kind === "applying" && entry.step === "switch");
    // Going back ends at the last committed release, also where an update that was superseded ran in between.
    if (last.outcome === "rolled-back") running = committed;
    if (last.outcome !== "committed" && last.outcome !== "superseded" && !isAccepted) continue;
    if (typeof given.release !== "string") continue;
    running = { release: given.release, version: start.versionTo, commit: start.commit };
    if (last.outcome !== "superseded") committed = running;
  }
  return { running, committed, ended };
}
