import { planCommand, waitingApproval } from "./plan-command.ts";
import { labelled, piece, type Row, wrapRow } from "./rows.ts";
import type { WatchState } from "./watch-state.ts";

/** The keys that do something here and now, the likeliest first; all of them are in the help. */
export function describeKeys({ reading, pane, question }: WatchState): string {
  if (question !== null) return "";
  if (pane.kind === "details" || pane.kind === "log") return "j/k scroll   Esc back   q back";
  if (pane.kind !== "live") return "Esc back   q back";
  const can = (name: "keep" | "cancel") => reading !== null && planCommand(name, reading).kind === "possible";
  return [
    ...(reading !== null && waitingApproval(reading) !== undefined ? ["a approve", "r reject"] : []),
    ...(can("keep") ? ["o keep"] : []),
    ...(can("cancel") ? ["c cancel"] : []),
    "q quit",
    "? help",
    "Enter details",
    "l log",
    "j/k choose",
    "b roll back",
    "m evidence",
    "p pin",
    "h hold",
    "s skip",
  ].join("   ");
}

/** Every key and what it does. */
export const HELP: readonly Row[] = [
  ["j k ↑ ↓", "choose an update; scroll, where there is a text (also PgUp PgDn Home End)"],
  ["Enter", "all of it: its steps and what they found, what it touches, the decision, the looks at it in service"],
  ["l", "the log of its jobs"],
  ["m", "the evidence: the version that serves and the one before, as they were seen"],
  ["a", "approve what waits for approval"],
  ["r", "reject it, with your reasons"],
  ["o", "keep a version that waits for your judgement, or goes back unless somebody keeps it"],
  ["c", "cancel the update; once the exchange has begun this puts the old version back"],
  ["b", "roll back to the version before, after a look at what that would do and lose"],
  ["p", "pin what runs, or unpin it"],
  ["h", "hold all updates, or let them begin by themselves again"],
  ["s", "skip the version that is looked at, or let it be taken again"],
  ["Esc q", "back; q also quits"],
  ["", "Nothing is sent before it was said what will happen and you answered y, or typed the version that will run then."],
  ["", "A token is asked for where the instance's own door may not; INSTAR_TOKEN saves the asking."],
].map(([keys, what]) => labelled(keys ?? "", wrapRow(piece(what ?? ""))));
