import { InstarError } from "@instar/protocol";
import type { ReleaseRecord } from "../../releases/release-record.ts";
import type { StepRooms } from "../step-rooms.ts";

/** A sealed release's record; undefined where the release is not (or not yet, or no longer) on disk. */
export async function recordOf({ releases }: Pick<StepRooms, "releases">, release: string | null): Promise<ReleaseRecord | undefined> {
  if (release === null) return undefined;
  try {
    return await releases.readRecord(release);
  } catch (error) {
    if (InstarError.is(error, "NOT_FOUND")) return undefined;
    throw error;
  }
}

/** The commit that a release was made of; null where there is no release, or where its record is gone. */
export async function commitOf(rooms: Pick<StepRooms, "releases">, release: string | null): Promise<string | null> {
  return (await recordOf(rooms, release))?.commit ?? null;
}
