import { stat } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import type { AssessRequest } from "../analysis/analysis-request.ts";
import type { StepRooms } from "./step-rooms.ts";

type ConflictFacts = Omit<AssessRequest["conflicts"], "strategy">;

/** git's own locks in the folder that updates come from: whoever holds one is writing there just now. */
const SOURCE_LOCKS = [".git/index.lock", ".git/HEAD.lock", ".git/shallow.lock", "HEAD.lock", "shallow.lock"];

/** What only the disk and the journal know of conflicts: what was changed by hand in the running release, who else is at work, what is locked. */
export async function readConflictFacts(rooms: StepRooms, running: string | null, underWay: ConflictFacts["underWay"]): Promise<ConflictFacts> {
  const local = running === null ? NOTHING : await rooms.releases.findLocalChanges(running, { installed: rooms.settings.install?.produces ?? [] });
  return { local, underWay, locks: await findSourceLocks(rooms) };
}

const NOTHING: ConflictFacts["local"] = { changed: [], missing: [], added: [] };

async function findSourceLocks({ settings, settingsFolder }: StepRooms): Promise<ConflictFacts["locks"]> {
  const folder = isAbsolute(settings.source.git) ? settings.source.git : join(settingsFolder, settings.source.git);
  const found: { resource: string; because: string }[] = [];
  for (const name of SOURCE_LOCKS)
    if (await stat(join(folder, name)).catch(() => undefined))
      found.push({ resource: join(settings.source.git, name), because: "somebody is writing in the source" });
  return found;
}
