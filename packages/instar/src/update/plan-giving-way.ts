import type { EndedUpdate } from "./fold-standing.ts";
import type { JournalEntry } from "./journal-entry.ts";
import { goesBack, hasBegunExchange } from "./plan-next-move.ts";

/** So many in a row may give way before anybody met them; the next one goes through, or a busy branch would never see an update. */
const MOST_GIVING_WAY = 2;

/**
 * Why an update that is under way does not give way to a newer version, to go after "has ended"; null where it does: before its exchange, if it began by
 * itself and no person let it on, or in its window, for there it serves already. Between the two, where people wait, nothing is turned round. Pure.
 *
 * @param journal of an update that has not ended
 */
export function planGivingWay(journal: readonly JournalEntry[], ended: readonly EndedUpdate[]): string | null {
  const [first] = journal;
  const last = journal.findLast((entry) => "step" in entry);
  if (first?.kind !== "started" || goesBack(journal, first.steps) || journal.some((entry) => entry.kind === "rejected")) return "";
  if (last !== undefined && "step" in last && last.step === "watch") return null;
  if (first.start.trigger !== "found" || hasBegunExchange(journal, first.steps)) return "";
  // Waiting for people it would only stand in the way of what they would rather be asked about.
  if (last !== undefined && "step" in last && last.step === "approve" && last.kind !== "applied") return null;
  if (journal.some((entry) => entry.kind === "approved")) return ": people let it on";
  const inARow = ended.filter(({ start }) => start.trigger === "found");
  const gaveWay = inARow.length - 1 - inARow.findLastIndex((update) => !update.gaveWay);
  return gaveWay < MOST_GIVING_WAY ? null : `: the ${gaveWay} before it gave way already`;
}
