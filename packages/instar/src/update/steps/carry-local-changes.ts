import { join } from "node:path";
import type { Conflict, ConflictStrategy } from "@instar/protocol";
import type { LocalChanges } from "../../releases/find-local-changes.ts";
import type { ReleaseRecord } from "../../releases/release-record.ts";
import type { StepRooms } from "../step-rooms.ts";

export interface Carried {
  /** What is to be staged: the candidate, or a commit of our own in which local changes were brought over to it. */
  readonly commit: string;
  /** What could not be brought over. */
  readonly conflicts: readonly Conflict[];
}

interface CarryQuestion {
  readonly running: ReleaseRecord | undefined;
  readonly candidate: string;
  readonly strategy: ConflictStrategy;
  readonly local: LocalChanges;
  readonly signal: AbortSignal;
}

/**
 * Brings what was changed by hand in the running release over to the candidate, where the operator wants that. Commits are made in the mirror alone,
 * the same ones each time; what is not carried over is kept there too, and stays in the old release's folder.
 */
export async function carryLocalChanges(rooms: StepRooms, { running, candidate, strategy, local, signal }: CarryQuestion): Promise<Carried> {
  if (running === undefined || strategy === "manual") return { commit: candidate, conflicts: [] };
  const tree = rooms.releases.treePath(running.id);
  const changes = (["changed", "missing", "added"] as const).flatMap((kind) => local[kind].map((path) => ({ kind, path, content: join(tree, path) })));
  const merged = await rooms.source.mergeLocalChanges({ base: running.commit, running: running.merged, candidate, strategy, changes }, signal);
  switch (merged.kind) {
    case "merged":
      return { commit: merged.commit, conflicts: merged.left.map(({ path, because }) => noteLeft(path, because)) };
    case "conflicted":
      return { commit: candidate, conflicts: merged.paths.map(blockUnmerged) };
    case "unavailable":
      return { commit: candidate, conflicts: [blockAll(merged.because)] };
    default:
      return merged satisfies never;
  }
}

const ADVICE = "`instar update apply --conflicts update-wins` (or local-wins) settles it";

const noteLeft = (path: string, because: string): Conflict => ({
  kind: "file_modified",
  what: path,
  because: `it was changed by hand and stays behind: ${because}`,
  resolution: "update-wins",
  blocks: false,
  advice: "",
});

const blockUnmerged = (path: string): Conflict => ({
  kind: "file_modified",
  what: path,
  because: "it was changed by hand and by the update, in the same place",
  resolution: "manual",
  blocks: true,
  advice: ADVICE,
});

const blockAll = (because: string): Conflict => ({
  kind: "file_modified",
  what: "the running release",
  because: `what was changed by hand could not be brought over: ${because}`,
  resolution: "manual",
  blocks: true,
  advice: ADVICE,
});
