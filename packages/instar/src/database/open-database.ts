import { chmodSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { InstarError } from "@instar/protocol";
import { MIGRATIONS } from "./migrations.ts";

/**
 * Opens the instance's one database, creating or migrating it as needed.
 * WAL with `synchronous=FULL`: a transaction that returned survives power loss.
 *
 * @throws InstarError DATA_TOO_NEW where a newer Instar wrote it, DATA_DAMAGED where SQLite says so, DISK_FULL
 */
export function openDatabase(path: string, options: { readOnly?: boolean } = {}): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { readOnly: options.readOnly ?? false, timeout: 5_000 });
    // Asked before anything is set: even the journal's mode is written into the file.
    assertFormatKnown(database, path);
    if (!options.readOnly) {
      shutOthersOut(path);
      database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;");
      migrate(database);
    }
  } catch (error) {
    database?.close();
    throw explainDatabaseError(error, `could not open ${path}`);
  }
  return database;
}

function assertFormatKnown(database: DatabaseSync, path: string): void {
  const version = readFormat(database);
  if (version > MIGRATIONS.length)
    throw new InstarError("DATA_TOO_NEW", `${path} has format ${version}; this Instar knows formats up to ${MIGRATIONS.length}`, {
      facts: { path, found: version, known: MIGRATIONS.length },
      advice: "Run the Instar that wrote it, or a newer one. Nothing was changed.",
    });
}

/** SQLite makes files that everybody may read; what it makes beside this one takes this one's mode. The folder around it shuts others out as well. */
function shutOthersOut(path: string): void {
  if (process.platform !== "win32" && (statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
}

function readFormat(database: DatabaseSync): number {
  return (database.prepare("PRAGMA user_version").get() as { user_version: number }).user_version;
}

function migrate(database: DatabaseSync): void {
  const version = readFormat(database);
  for (const [index, migration] of MIGRATIONS.entries()) {
    if (index < version) continue;
    transact(database, () => {
      database.exec(migration);
      database.exec(`PRAGMA user_version = ${index + 1}`);
    });
  }
}

/** Runs `work` in one transaction that takes the write lock at once: it is either whole or not there. */
export function transact<T>(database: DatabaseSync, work: () => T): T {
  try {
    database.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      database.exec("COMMIT");
      return result;
    } catch (error) {
      if (database.isTransaction) database.exec("ROLLBACK");
      throw error;
    }
  } catch (error) {
    throw explainDatabaseError(error, "the database refused a transaction");
  }
}

const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_NOTADB = 26;

function explainDatabaseError(error: unknown, sentence: string): Error {
  const primary = ((error as { errcode?: number }).errcode ?? 0) & 0xff;
  if (primary === SQLITE_FULL)
    return new InstarError("DISK_FULL", "the disk is too full for the database", {
      cause: error,
      transient: true,
      advice: "Free some space; Instar goes on by itself.",
    });
  if (primary === SQLITE_CORRUPT || primary === SQLITE_NOTADB) return new InstarError("DATA_DAMAGED", sentence, { cause: error });
  return error instanceof Error ? error : new Error(sentence, { cause: error });
}
