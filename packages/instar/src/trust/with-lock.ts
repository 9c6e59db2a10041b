import { InstarError } from "@instar/protocol";
import { acquireExclusiveLock } from "../platform/exclusive-lock.ts";

const SQLITE_FULL = 13;

/** Runs `act` while no other process holds the lock of this file. @throws InstarError what `busy` says, DISK_FULL, PLATFORM_FAILED; what `act` throws */
export async function withLock<T>(path: string, busy: string, act: () => Promise<T>): Promise<T> {
  const lock = await acquireExclusiveLock(path).catch((error: unknown) => {
    if (InstarError.is(error) && (error.cause as { errcode?: number } | undefined)?.errcode === SQLITE_FULL)
      throw new InstarError("DISK_FULL", `the lock ${path} could not be taken`, {
        cause: error,
        advice: "Free some space; Instar goes on by itself.",
        transient: true,
      });
    throw error;
  });
  if (lock === undefined) throw new InstarError("CONFLICT", busy, { transient: true, facts: { path }, advice: "Wait until it is done, and try again." });
  try {
    return await act();
  } finally {
    lock.release();
  }
}
