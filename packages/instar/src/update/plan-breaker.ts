import type { EndedUpdate } from "./fold-standing.ts";
import type { UpdateId } from "./journal-entry.ts";

export interface Breaker {
  /** Open: updates no longer begin by themselves. */
  readonly isOpen: boolean;
  readonly because: string;
  /** Those that went back since the last one that stayed or the last reset, oldest first. */
  readonly failed: readonly UpdateId[];
}

/**
 * Whether the breaker is open. Each way back costs the agent's users something, so that an upstream which is broken for the day must not be tried again and
 * again. One that stays closes it, and so does a person; one that was refused before it touched anything, or that a person cancelled, says nothing.
 * Pure.
 *
 * @param options.resetAfter the newest update that had ended when a person last reset it; null where nobody did
 * @param options.limit so many in a row open it; 0: none do
 */
export function planBreaker(ended: readonly EndedUpdate[], { resetAfter, limit }: { resetAfter: string | null; limit: number }): Breaker {
  const since = ended.slice(ended.findLastIndex(({ update }) => update === resetAfter) + 1);
  const relevant = since.filter(
    ({ start, outcome, isCancelled }) => isTry(start.trigger) && !isCancelled && (outcome === "rolled-back" || outcome === "committed"),
  );
  const failed = relevant.slice(relevant.findLastIndex(({ outcome }) => outcome === "committed") + 1);
  const isOpen = limit > 0 && failed.length >= limit;
  return {
    isOpen,
    because: isOpen
      ? `the last ${failed.length} updates that were exchanged had to go back (${failed.map(({ start }) => start.versionTo).join(", ")}): nothing begins by itself until a person has looked. \`instar update resume\` lets updates begin again, \`instar update apply\` tries one by hand`
      : "",
    failed: failed.map(({ update }) => update),
  };
}

/** Going back by hand, and watching again, are no tries of something new. */
const isTry = (trigger: EndedUpdate["start"]["trigger"]) => trigger !== "rollback" && trigger !== "restore" && trigger !== "watch-again";
