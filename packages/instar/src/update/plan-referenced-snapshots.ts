import type { Standing } from "./fold-standing.ts";
import type { UpdateId, UpdateStart } from "./journal-entry.ts";

/**
 * Which snapshots something may still go back to: what an unfinished update takes or puts back, and what the version that runs came with, since going back from
 * it with its state needs that. Pure.
 */
export function planReferencedSnapshots(
  { running, ended }: Standing,
  unfinished: readonly { readonly update: UpdateId; readonly start: UpdateStart }[],
): string[] {
  const open = unfinished.flatMap(({ update, start }) => [update, `${update}-ahead`, start.watches, start.overrides.stateOf, start.overrides.restore?.backup]);
  // A backup that was restored since changed the state and brought no version.
  const bringer = ended.findLast(({ start, given }) => start.trigger !== "restore" && given.release === running?.release);
  const wayBack = typeof bringer?.given.snapshot === "string" ? bringer.given.snapshot : undefined;
  return [...open, wayBack].filter((id) => id !== undefined);
}
