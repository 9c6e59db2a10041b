import { chmod, copyFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { InstarError } from "@instar/protocol";
import type { JobResult } from "../platform/run-job.ts";
import type { DatabaseSettings } from "../settings/backup-settings.ts";
import { copyDatabase } from "./copy-live-database.ts";
import { type DatabaseRoom, dumpNameOf, lastWords, outcomeOf, ownTool, type Postgres, runTool, sqlitePathOf, urlOf } from "./database-room.ts";
import { planDump } from "./plan-postgres-tool.ts";

/**
 * Dumps one database to a file, and asks the tool that will restore it whether the dump is whole.
 *
 * @param to a folder; @returns what the dump was made with
 * @throws InstarError BACKUP_FAILED: then nothing is left there
 */
export async function dumpDatabase(database: DatabaseSettings, to: string, room: DatabaseRoom): Promise<string> {
  const file = join(to, dumpNameOf(database));
  try {
    if (database.kind === "sqlite") return await dumpSqlite(sqlitePathOf(database.path, room), file, room);
    return await dumpPostgres(database, file, room);
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  }
}

async function dumpPostgres(database: Postgres, file: string, room: DatabaseRoom): Promise<string> {
  const tool = database.dump === undefined ? planDump(urlOf(database, room), file, database.name) : ownTool(database.dump, file, database, room);
  const dumped = await runTool(tool, room, `dumping ${database.name}`);
  assertDone(dumped, database.name, room);
  await chmod(file, 0o600).catch((cause: unknown) => {
    throw new InstarError("BACKUP_FAILED", `the dump of ${database.name} is not there although its tool said that it was done`, { cause });
  });
  if (database.dump !== undefined) return "backup.databases' own command";
  // What ended early has no table of contents, or one that does not fit.
  assertDone(
    await runTool({ argv: ["pg_restore", "--list", file], environment: {} }, { ...room }, `looking through the dump of ${database.name}`),
    database.name,
    room,
  );
  return "pg_dump --format=custom";
}

function assertDone(result: JobResult, name: string, room: DatabaseRoom): void {
  room.signal?.throwIfAborted();
  const outcome = outcomeOf(result);
  if (outcome === "done") return;
  throw new InstarError("BACKUP_FAILED", `the database ${name} could not be dumped: ${outcome}`, {
    cause: new Error(lastWords(result.tail)),
    facts: { database: name, log: room.logPath },
    advice: "Nothing was kept. Is it up, is its address right, and are its tools on the PATH that Instar was started with?",
    transient: true,
  });
}

async function dumpSqlite(path: string, file: string, { signal, isQuiet = false }: DatabaseRoom): Promise<string> {
  if ((await stat(path).catch(() => undefined)) === undefined)
    throw new InstarError("BACKUP_FAILED", `there is no database at ${path}`, { facts: { path }, advice: "Look at backup.databases in instar.yaml." });
  try {
    const copiedBy = await copyDatabase(path, file, { signal });
    assertIntact(file);
    return copiedBy === "online-backup" ? "SQLite's online backup, integrity_check ok" : "SQLite's files, integrity_check ok";
  } catch (error) {
    if (!isQuiet || !InstarError.is(error, "BACKUP_FAILED")) throw error;
    for (const side of ["", "-wal"]) {
      await rm(file + side, { force: true });
      await copyFile(path + side, file + side).catch(throwUnlessAbsent);
    }
    return "its files as they are: it does not pass SQLite's own check";
  }
}

function throwUnlessAbsent(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}

function assertIntact(file: string): void {
  const database = new DatabaseSync(file);
  try {
    const answer = database.prepare("PRAGMA integrity_check(1)").get() as { integrity_check?: string } | undefined;
    if (answer?.integrity_check === "ok") return;
    throw new InstarError("BACKUP_FAILED", `${file} does not pass SQLite's integrity check: ${answer?.integrity_check ?? "no answer"}`);
  } finally {
    database.close();
  }
}
