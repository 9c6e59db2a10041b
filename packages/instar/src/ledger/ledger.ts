import { constants, readdirSync, readFileSync } from "node:fs";
import { open, truncate } from "node:fs/promises";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { explainFileError, makePrivateFolder, syncFolder } from "../platform/durable-files.ts";
import { fitStatement, GENESIS, hashLine, type LedgerEntry, type LedgerStatement, renderEntry } from "./ledger-entry.ts";

/** Entries per file: a file stays small enough to read at once, and a year of updates needs few of them. */
export const ENTRIES_PER_FILE = 4_096;

export function ledgerFileOf(index: number): string {
  return `${String(Math.floor(index / ENTRIES_PER_FILE)).padStart(8, "0")}.jsonl`;
}

/**
 * The instance's ledger: hash-chained entries in files, fed through an outbox in the database.
 *
 * `append` runs inside the caller's transaction, so an entry exists exactly if what it tells of was recorded. `drain`
 * moves outbox rows to the files. A crash between the two leaves rows in the outbox, which the next drain moves; a crash in the
 * middle of a line leaves a torn tail, which the next drain cuts off and writes anew from the outbox.
 */
export class Ledger {
  readonly #database: DatabaseSync;
  readonly #folder: string;
  readonly #now: () => number;
  #draining: Promise<void> = Promise.resolve();

  constructor(database: DatabaseSync, folder: string, now: () => number) {
    this.#database = database;
    this.#folder = folder;
    this.#now = now;
  }

  /** How many entries there are, and the hash of the newest. */
  head(): { length: number; hash: string } {
    const row = this.#database.prepare("SELECT length, hash FROM ledger_head").get() as { length: number; hash: string } | undefined;
    return row === undefined ? { length: 0, hash: GENESIS } : { length: row.length, hash: row.hash };
  }

  /** Adds an entry. Call it inside the transaction that records what the entry tells of. */
  append(statement: LedgerStatement): LedgerEntry {
    const head = this.head();
    const entry: LedgerEntry = { ...fitStatement(statement), index: head.length, at: new Date(this.#now()).toISOString(), previous: head.hash };
    const line = renderEntry(entry);
    this.#database.prepare("INSERT INTO ledger_outbox VALUES (?, ?)").run(entry.index, line);
    this.#database
      .prepare("INSERT INTO ledger_head VALUES (1, ?, ?) ON CONFLICT (one) DO UPDATE SET length = excluded.length, hash = excluded.hash")
      .run(entry.index + 1, hashLine(line));
    return entry;
  }

  /** Moves what is in the outbox to the files, durably, and only then forgets the rows. Calls queue up behind each other. */
  drain(): Promise<void> {
    const next = this.#draining.then(() => this.#drainOnce());
    this.#draining = next.catch(() => undefined);
    return next;
  }

  async #drainOnce(): Promise<void> {
    const rows = this.#database.prepare("SELECT idx, line FROM ledger_outbox ORDER BY idx").all() as { idx: number; line: string }[];
    const last = rows.at(-1);
    if (last === undefined) return;
    await makePrivateFolder(this.#folder);
    for (const file of new Set(rows.map((row) => ledgerFileOf(row.idx))))
      await this.#writeTail(
        file,
        rows.filter((row) => ledgerFileOf(row.idx) === file),
      );
    this.#database.prepare("DELETE FROM ledger_outbox WHERE idx <= ?").run(last.idx);
  }

  async #writeTail(file: string, rows: readonly { idx: number; line: string }[]): Promise<void> {
    const path = join(this.#folder, file);
    const kept = await this.#cutTornTail(path);
    const first = Number.parseInt(file, 10) * ENTRIES_PER_FILE;
    const missing = rows.filter((row) => row.idx >= first + kept);
    if (missing.length === 0) return;
    try {
      const handle = await open(path, constants.O_CREAT | constants.O_APPEND | constants.O_WRONLY, 0o600);
      try {
        await handle.appendFile(missing.map((row) => `${row.line}\n`).join(""));
        await handle.sync();
      } finally {
        await handle.close();
      }
    } catch (error) {
      throw explainFileError(error, `could not write the ledger file ${path}`);
    }
    if (kept === 0) await syncFolder(this.#folder);
  }

  /** Whole lines in the file. A torn last line is cut away: its row is still in the outbox, since rows go only after a sync. */
  async #cutTornTail(path: string): Promise<number> {
    let bytes: Buffer;
    try {
      bytes = readFileSync(path);
    } catch {
      return 0;
    }
    const end = bytes.lastIndexOf(0x0a) + 1;
    if (end < bytes.length) await truncate(path, end);
    let lines = 0;
    for (const byte of bytes.subarray(0, end)) if (byte === 0x0a) lines += 1;
    return lines;
  }
}

export function listLedgerFiles(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /^\d{8}\.jsonl$/.test(name))
      .sort();
  } catch {
    return [];
  }
}
