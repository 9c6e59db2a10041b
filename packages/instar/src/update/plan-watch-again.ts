import type { Standing } from "./fold-standing.ts";
import type { UpdateStart } from "./journal-entry.ts";

/**
 * A newer version closes the window of the one that serves. If then it is refused or cancelled before it ever serves, the one that does
 * would stay in service unwatched for good, never committed, with nothing to say that it is any good: it is watched once more,
 * from the beginning. Undefined where there is nothing to watch. Asked whenever an update has ended.
 */
export function planWatchAgain({
  running,
  committed,
  ended,
}: Standing): Pick<UpdateStart, "commit" | "versionFrom" | "versionTo" | "releaseFrom" | "wayBack" | "existingRelease" | "watches"> | undefined {
  const last = ended.at(-1);
  if (running === null || running.release === committed?.release || last === undefined) return undefined;
  // Any other end either is one that stays, or has been back to what was committed; and what could not be watched again is not tried again and again.
  if ((last.outcome !== "refused" && last.outcome !== "cancelled") || last.start.trigger === "watch-again") return undefined;
  const placed = ended.findLast(({ given }) => given.release === running.release);
  if (placed === undefined) return undefined;
  return {
    watches: placed.start.watches ?? placed.update,
    commit: running.commit,
    // What it is measured against, and what comes back if it misbehaves.
    versionFrom: committed?.version ?? null,
    releaseFrom: committed?.release ?? null,
    wayBack: committed?.release ?? null,
    versionTo: running.version,
    existingRelease: running.release,
  };
}
