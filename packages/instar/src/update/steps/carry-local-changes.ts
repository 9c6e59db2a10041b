import { join } from "node:path";
import type { ConflictStrategy } from "@instar/protocol";
import type { MergeOutcome } from "../../analysis/conflicts/find-local-conflicts.ts";
import { isCachePath } from "../../analysis/conflicts/is-cache-path.ts";
import type { LocalChanges } from "../../releases/find-local-changes.ts";
import type { ReleaseRecord } from "../../releases/release-record.ts";
import type { StepRooms } from "../step-rooms.ts";

export interface Carried {
  /** What is to be staged: the candidate, or a commit of our own in which local changes were brought over to it. */
  readonly commit: string;
  /** Absent where nothing was to be brought over. */
  readonly outcome?: MergeOutcome;
}

interface CarryQuestion {
  readonly running: ReleaseRecord | undefined;
  readonly candidate: string;
  readonly strategy: ConflictStrategy;
  /** What is not as it was sealed. What an earlier update carried over is in the release, and is carried on. */
  readonly damage: LocalChanges;
  readonly signal: AbortSignal;
}

/**
 * Brings what was changed by hand in the running release over to the candidate, where the operator wants that. Commits are made in the mirror alone,
 * the same ones each time; what is not carried over is kept there too, and stays in the old release's folder.
 */
export async function carryLocalChanges(rooms: StepRooms, { running, candidate, strategy, damage, signal }: CarryQuestion): Promise<Carried> {
  if (running === undefined || strategy === "manual") return { commit: candidate };
  const tree = rooms.releases.treePath(running.id);
  const changes = (["changed", "missing", "added"] as const).flatMap((kind) =>
    damage[kind].filter((path) => kind !== "added" || !isCachePath(path)).map((path) => ({ kind, path, content: join(tree, path) })),
  );
  if (changes.length === 0 && running.merged === undefined) return { commit: candidate };
  const outcome = await rooms.source.mergeLocalChanges({ base: running.commit, running: running.merged, candidate, strategy, changes }, signal);
  return { commit: outcome.kind === "merged" ? outcome.commit : candidate, outcome };
}
