import { between, EXCHANGING } from "./fold-update.ts";
import type { Moment, UpdateRecord } from "./update-record.ts";

/** What became of an update; `neither`: it was called off or a newer one came, which says nothing of the version. */
export type Standing = "open" | "well" | "failed" | "neither";

export function judgeStanding({ ended, outcome }: UpdateRecord): Standing {
  if (ended === null) return "open";
  if (outcome === "committed") return "well";
  // A word that nobody here knows is not a success.
  return outcome === "cancelled" || outcome === "superseded" ? "neither" : "failed";
}

/** The exchange had begun, so people may have met what was new, or waited for it. */
export function hasBegunExchange({ outcome, served, undoing, failures }: UpdateRecord): boolean {
  if (outcome === "committed" || outcome === "rolled-back" || outcome === "superseded" || served !== null) return true;
  return undoing.some(({ step }) => EXCHANGING.has(step)) || failures.some(({ step }) => EXCHANGING.has(step));
}

export interface Cause extends Moment {
  readonly step: string;
  readonly code: string;
  readonly because: string;
}

/**
 * Why it did not go well: the failure whose words its end repeats, or else a person's word with the same words, or else the last failure that counted. The
 * journal's end names its reason in the reason's own words, so nothing is guessed where they are there. Undefined where nothing says it.
 */
export function judgeCause({ failures, words, because, ended }: UpdateRecord): Cause | undefined {
  const cancelled = words.findLast(({ word }) => word === "cancelled");
  const asCause = (found: typeof cancelled): Cause | undefined => found && { ...found, step: "a person", code: "CANCELLED" };
  if (ended === null) return failures.findLast(({ isTransient }) => !isTransient);
  const said = failures.findLast((failure) => failure.because === because);
  if (said !== undefined) return said;
  if (cancelled?.because === because) return asCause(cancelled);
  return failures.findLast(({ isTransient }) => !isTransient) ?? failures.at(-1) ?? asCause(cancelled);
}

export interface WayBack {
  /** From the failure, or the person's word, until what served before served again, by the wall clock. */
  readonly tookMs: number | null;
  readonly writesSince: number | null;
  readonly entries: number[];
}

/** The way back of an update that went back; undefined where it did not, or it is not read how. */
export function judgeWayBack(record: UpdateRecord): WayBack | undefined {
  if (record.outcome !== "rolled-back") return undefined;
  const begun = record.undoing.find(({ step }) => EXCHANGING.has(step));
  // Several steps touch what serves, and they are undone newest first: with the last of them the old serves again.
  const undone = record.undone.findLast(({ step }) => EXCHANGING.has(step)) ?? null;
  const cause = judgeCause(record);
  const from = cause ?? begun ?? null;
  const writesSince = record.undone.findLast((each) => each.writesSince !== null)?.writesSince ?? null;
  const entries = [from, begun ?? null, undone, record.ended].flatMap((moment) => moment?.index ?? []);
  return { tookMs: between(from, undone), writesSince, entries };
}

/** True or false only where the analysis, or what a decision went by, named the update's type; code alone can be a fix of its own. */
export function isSecurity({ sort, updateType }: UpdateRecord): boolean | null {
  if (updateType !== null) return updateType.type === "security";
  return sort === "code" || sort === "unknown" ? null : false;
}

/** ms from the first detection until the exchange was done, of a version that stayed; null where it did not, or one of the two was not read. */
export function judgeDelay({ detected, served, outcome }: UpdateRecord): number | null {
  return outcome === "committed" || outcome === "superseded" ? between(detected, served) : null;
}
