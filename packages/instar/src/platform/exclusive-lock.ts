import { DatabaseSync } from "node:sqlite";
import { InstarError } from "@instar/protocol";
import { readJsonFile, writeFileDurably } from "./durable-files.ts";
import { type ProcessIdentity, readProcessIdentity } from "./process-identity.ts";

export interface ExclusiveLock {
  release(): void;
}

const SQLITE_BUSY = 5;
/** An open database that nothing refers to is closed by the garbage collector, and the lock with it. */
const held = new Set<DatabaseSync>();

/**
 * Takes a lock that the operating system drops when this process ends, by SIGKILL too. Node has no flock; an exclusive
 * transaction of SQLite holds a lock of the same kind. Not for network file systems, which only pretend to lock.
 *
 * @returns undefined when another process, or this one, holds it: ask readLockHolder whom to name
 * @throws InstarError PLATFORM_FAILED
 */
export async function acquireExclusiveLock(path: string): Promise<ExclusiveLock | undefined> {
  const database = openLocked(path);
  if (database === undefined) return undefined;
  held.add(database);
  // Only a message for others: on a full disk the lock is as good without it.
  await writeFileDurably(holderPath(path), JSON.stringify(await readProcessIdentity(process.pid))).catch(() => undefined);
  return {
    release: () => {
      if (held.delete(database)) database.close();
    },
  };
}

/** Who took the lock last. For messages only: the file outlives its writer, the lock does not. */
export async function readLockHolder(path: string): Promise<ProcessIdentity | undefined> {
  const found = (await readJsonFile(holderPath(path)).catch(() => undefined)) as Partial<ProcessIdentity> | undefined;
  return typeof found?.pid === "number" && typeof found.startedAt === "string" ? { pid: found.pid, startedAt: found.startedAt } : undefined;
}

function openLocked(path: string): DatabaseSync | undefined {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path);
    database.exec("PRAGMA busy_timeout = 0; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    return database;
  } catch (cause) {
    database?.close();
    if ((cause as { errcode?: number }).errcode === SQLITE_BUSY) return undefined;
    throw new InstarError("PLATFORM_FAILED", `The lock ${path} could not be taken`, { cause, facts: { path } });
  }
}

function holderPath(path: string): string {
  return `${path}.holder`;
}
