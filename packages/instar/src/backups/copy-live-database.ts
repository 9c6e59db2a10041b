import { closeSync, constants, copyFileSync, existsSync, openSync, readSync, rmSync, statSync } from "node:fs";
import { backup, DatabaseSync } from "node:sqlite";
import { InstarError } from "@instar/protocol";

/** SQLite, "Database File Format", §1.3. */
export const isDatabase = (head: Buffer) => head.subarray(0, 16).toString("latin1") === "SQLite format 3\0";

const ATTEMPTS = 5;
const PAGES_PER_STEP = 1_000;
const SIDES = ["-wal", "-journal"] as const;

/**
 * Copies a SQLite database that another process writes to, so that the copy is of one moment, and checks it. In WAL mode by SQLite's
 * own online backup, whose reader stops no writer. With a rollback journal a reader would: there the files are copied as they are, again until
 * neither changed meanwhile, and SQLite rolls back what was half written when the copy is opened. No lock is taken that the agent could meet.
 *
 * @returns false where it never held still: then the copy is whole, and of no one moment's file
 * @throws InstarError BACKUP_FAILED where no copy passes SQLite's own check; the signal's reason
 */
export async function copyDatabase(from: string, to: string, signal?: AbortSignal): Promise<boolean> {
  let last: unknown;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    signal?.throwIfAborted();
    removeCopy(to);
    try {
      const isSettled = writesAhead(from) && (await copyByBackup(from, to)) ? true : copyFiles(from, to);
      if (!isSettled && attempt < ATTEMPTS) continue;
      assertWhole(to);
      return isSettled;
    } catch (error) {
      last = error;
    }
  }
  throw new InstarError("BACKUP_FAILED", `the database ${from} could not be copied while the agent writes to it`, {
    cause: last,
    facts: { path: from },
    advice: "state.copy names the agent's own way to a quiet copy.",
    transient: true,
  });
}

/** Bytes 18 and 19 of the header are 2 in WAL mode (§1.3.3). */
function writesAhead(path: string): boolean {
  const file = openSync(path, "r");
  try {
    const head = Buffer.alloc(20);
    readSync(file, head, 0, 20, 0);
    return head[18] === 2 && head[19] === 2;
  } finally {
    closeSync(file);
  }
}

/** False where it cannot be opened beside its owner (exclusive locking): then its files are copied. */
async function copyByBackup(from: string, to: string): Promise<boolean> {
  let source: DatabaseSync | undefined;
  try {
    source = new DatabaseSync(from, { readOnly: true });
    await backup(source, to, { rate: PAGES_PER_STEP });
    return true;
  } catch {
    removeCopy(to);
    return false;
  } finally {
    source?.close();
  }
}

/** @returns whether nothing changed while the files were copied */
function copyFiles(from: string, to: string): boolean {
  const before = look(from);
  copyFileSync(from, to, constants.COPYFILE_FICLONE);
  for (const side of SIDES) if (existsSync(from + side)) copyFileSync(from + side, to + side, constants.COPYFILE_FICLONE);
  return look(from) === before;
}

function look(path: string): string {
  return ["", ...SIDES]
    .map((side) => statSync(path + side, { bigint: true, throwIfNoEntry: false }))
    .map((found) => (found === undefined ? "-" : `${found.ino}:${found.size}:${found.mtimeNs}:${found.ctimeNs}`))
    .join(" ");
}

function assertWhole(path: string): void {
  const database = new DatabaseSync(path);
  try {
    const answer = database.prepare("PRAGMA quick_check(1)").get() as { quick_check?: string } | undefined;
    if (answer?.quick_check !== "ok") throw new InstarError("BACKUP_FAILED", `the copy does not pass SQLite's check: ${answer?.quick_check ?? "no answer"}`);
  } finally {
    database.close();
  }
}

function removeCopy(to: string): void {
  for (const side of ["", "-shm", ...SIDES]) rmSync(to + side, { force: true });
}
