import { closeSync, constants, fstatSync, openSync, readSync, rmSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { backup, DatabaseSync } from "node:sqlite";
import { InstarError } from "@instar/protocol";
import { type Clock, systemClock } from "../platform/clock.ts";

/** SQLite, "Database File Format", §1.3. */
export const isDatabase = (head: Buffer) => head.subarray(0, 16).toString("latin1") === "SQLite format 3\0";

/** Both are spent before it is given up: a large database is copied a few times only in that time, a small one hundreds of times. */
const LEAST_ATTEMPTS = 5;
const LEAST_MS = 10_000;
/** What holds still and still does not pass SQLite's check is damaged, and does not mend by itself. */
const DAMAGED_ATTEMPTS = 3;
const LONGEST_PAUSE_MS = 40;
/** The database's header, the longest of the three. */
const HEAD_BYTES = 100;
const PAGES_PER_STEP = 1_000;
const SIDES = ["-wal", "-journal"] as const;

export interface DatabaseCopyOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds in which a database that never holds still is tried. */
  readonly forMs?: number;
  readonly clock?: Clock;
}

/**
 * Copies a SQLite database that another process writes to, so that the copy is of one moment, and checks it. In WAL mode by SQLite's
 * own online backup, whose reader stops no writer. With a rollback journal a reader would: there the files are copied as they are, again until
 * neither changed meanwhile, and SQLite rolls back what was half written when the copy is opened. No lock is taken that the agent could meet,
 * so a database that is written without a pause as long as one copy takes cannot be had this way, and that is said.
 *
 * @returns how it was copied
 * @throws InstarError BACKUP_FAILED where it never held still, or where no copy passes SQLite's own check; the signal's reason
 */
export async function copyDatabase(
  from: string,
  to: string,
  { signal, forMs = LEAST_MS, clock = systemClock }: DatabaseCopyOptions = {},
): Promise<"online-backup" | "files"> {
  const until = clock.monotonicMs() + forMs;
  let last: unknown = new Error("it was written to during each copy");
  for (let [attempt, damaged] = [1, 0]; damaged < DAMAGED_ATTEMPTS && (attempt <= LEAST_ATTEMPTS || clock.monotonicMs() < until); attempt += 1) {
    signal?.throwIfAborted();
    removeCopy(to);
    try {
      const isBackedUp = writesAhead(from) && (await copyByBackup(from, to, signal));
      if (isBackedUp || (await copyFiles(from, to))) {
        assertWhole(to);
        return isBackedUp ? "online-backup" : "files";
      }
    } catch (error) {
      last = error;
      damaged += 1;
    }
    await clock.sleep(pauseAfter(attempt), signal);
  }
  removeCopy(to);
  throw new InstarError("BACKUP_FAILED", `the database ${from} could not be copied while the agent writes to it`, {
    cause: last,
    facts: { path: from },
    advice: "state.copy names the agent's own way to a quiet copy. journal_mode = WAL lets it be copied at any time.",
    transient: true,
  });
}

/** Each pause is of another length, spread evenly by the golden ratio: they never fall into step with the writer. */
const pauseAfter = (attempt: number) => ((attempt * 0.618_033_988) % 1) * LONGEST_PAUSE_MS;

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

/**
 * One reader's moment is held from the first page to the last. Without it SQLite begins anew at each write that comes between two steps ("Online Backup API",
 * sqlite3_backup_step), and a large database with a busy writer would never be copied. A reader stops no writer here; the log only grows until it is done.
 *
 * @returns false where it cannot be opened beside its owner (exclusive locking): then its files are copied
 * @throws the signal's reason
 */
async function copyByBackup(from: string, to: string, signal: AbortSignal | undefined): Promise<boolean> {
  let source: DatabaseSync | undefined;
  try {
    source = new DatabaseSync(from, { readOnly: true });
    source.exec("BEGIN");
    source.prepare("SELECT count(*) FROM sqlite_schema").get();
    await backup(source, to, { rate: PAGES_PER_STEP, progress: () => signal?.throwIfAborted() });
    return true;
  } catch {
    removeCopy(to);
    signal?.throwIfAborted();
    return false;
  } finally {
    source?.close();
  }
}

/** @returns whether nothing changed while the files were copied */
async function copyFiles(from: string, to: string): Promise<boolean> {
  const before = look(from);
  await copyFile(from, to, constants.COPYFILE_FICLONE);
  for (const side of SIDES) {
    await copyFile(from + side, to + side, constants.COPYFILE_FICLONE).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
    });
  }
  return look(from) === before;
}

/**
 * Times alone do not tell: where a file system counts in ticks of a few milliseconds, two writes may share one. Each head holds what a transaction
 * changes: the database's its change counter (§1.3.6), the journal's its count and nonce (§3), the write-ahead log's its salts (§4.1).
 */
function look(path: string): string {
  return ["", ...SIDES].map((side) => lookAt(path + side)).join(" ");
}

function lookAt(path: string): string {
  let file: number | undefined;
  try {
    file = openSync(path, "r");
    const found = fstatSync(file, { bigint: true });
    const head = Buffer.alloc(HEAD_BYTES);
    readSync(file, head, 0, HEAD_BYTES, 0);
    return `${found.ino}:${found.size}:${found.mtimeNs}:${found.ctimeNs}:${head.toString("base64")}`;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "-";
    throw error;
  } finally {
    if (file !== undefined) closeSync(file);
  }
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
