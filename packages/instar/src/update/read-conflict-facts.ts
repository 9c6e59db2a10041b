import { stat } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import type { AssessRequest } from "../analysis/analysis-request.ts";
import type { LocalChanges } from "../releases/find-local-changes.ts";
import type { ReleaseRecord } from "../releases/release-record.ts";
import type { StepRooms } from "./step-rooms.ts";

export interface ConflictFacts extends Pick<AssessRequest["conflicts"], "local" | "underWay" | "locks"> {
  /** Of `local`, what is not as it was sealed; the rest an earlier update carried over. */
  readonly damage: LocalChanges;
}

/** git's own locks in the folder that updates come from: whoever holds one is writing there just now. */
const SOURCE_LOCKS = [".git/index.lock", ".git/HEAD.lock", ".git/shallow.lock", "HEAD.lock", "shallow.lock"];

/** What only the disk and the journal know of conflicts: what was changed by hand in the running release, who else is at work, what is locked. */
export async function readConflictFacts(rooms: StepRooms, running: ReleaseRecord | undefined, underWay: ConflictFacts["underWay"]): Promise<ConflictFacts> {
  const damage = running === undefined ? NOTHING : await rooms.releases.findLocalChanges(running.id, { installed: rooms.settings.install?.produces ?? [] });
  const carried = running?.merged === undefined ? [] : await rooms.source.diff(running.commit, running.merged);
  const withCarried = (kind: keyof LocalChanges, statuses: readonly string[]) => [
    ...new Set([...damage[kind], ...carried.filter(({ status }) => statuses.includes(status)).map(({ path }) => path)]),
  ];
  return {
    damage,
    local: {
      changed: withCarried("changed", ["modified", "type-changed", "renamed"]),
      missing: withCarried("missing", ["deleted"]),
      added: withCarried("added", ["added"]),
    },
    underWay,
    locks: await findSourceLocks(rooms),
  };
}

const NOTHING: LocalChanges = { changed: [], missing: [], added: [] };

async function findSourceLocks({ settings, settingsFolder }: StepRooms): Promise<ConflictFacts["locks"]> {
  const found: { resource: string; because: string }[] = [];
  const { git } = settings.source;
  if (git === undefined) return found;
  const folder = isAbsolute(git) ? git : join(settingsFolder, git);
  for (const name of SOURCE_LOCKS)
    if (await stat(join(folder, name)).catch(() => undefined)) found.push({ resource: join(git, name), because: "somebody is writing in the source" });
  return found;
}
