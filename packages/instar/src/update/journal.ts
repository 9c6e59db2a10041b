import type { DatabaseSync } from "node:sqlite";
import { InstarError, type Outcome } from "@instar/protocol";
import { transact } from "../database/open-database.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { LedgerStatement } from "../ledger/ledger-entry.ts";
import type { EntryBody, JournalEntry, UpdateId } from "./journal-entry.ts";

export interface Append {
  readonly update: UpdateId;
  readonly attempt: number;
  readonly body: EntryBody;
  /** What the ledger hears of it, in the same transaction. */
  readonly ledger: readonly LedgerStatement[];
  /** Anything else that must become true together with the entry. */
  readonly also?: (database: DatabaseSync) => void;
}

/**
 * The append-only journal of every update. When `append` returned, the entry and its ledger entries survive power loss.
 * A daemon whose epoch has passed gets FENCED from the database itself and can write nothing more.
 */
export class Journal {
  readonly #database: DatabaseSync;
  readonly #ledger: Ledger;
  readonly #time: { wallMs(): number; tickMs(): number };
  readonly #epoch: number;
  #begun: { readonly upTo: number; readonly ids: readonly UpdateId[] } = { upTo: 0, ids: [] };
  #open: { readonly upTo: number; readonly ids: readonly UpdateId[] } = { upTo: 0, ids: [] };
  readonly #folded = new Map<unknown, Map<UpdateId, unknown>>();

  constructor(database: DatabaseSync, ledger: Ledger, time: { wallMs(): number; tickMs(): number }, epoch: number) {
    this.#database = database;
    this.#ledger = ledger;
    this.#time = time;
    this.#epoch = epoch;
  }

  get epoch(): number {
    return this.#epoch;
  }

  append({ update, attempt, body, ledger, also }: Append): JournalEntry {
    const { kind, ...rest } = body;
    const step = "step" in body ? body.step : null;
    const tickMs = Math.round(this.#time.tickMs());
    const at = new Date(this.#time.wallMs()).toISOString();
    try {
      return transact(this.#database, () => {
        const seq = (this.#database.prepare("SELECT count(*) AS n FROM journal WHERE update_id = ?").get(update) as { n: number }).n;
        this.#database
          .prepare("INSERT INTO journal (update_id, seq, at, tick_ms, epoch, attempt, kind, step, gives) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
          .run(update, seq, at, tickMs, this.#epoch, attempt, kind, step, JSON.stringify(rest));
        for (const statement of ledger) this.#ledger.append(statement);
        also?.(this.#database);
        return { ...body, update, seq, at, tickMs, epoch: this.#epoch, attempt };
      });
    } catch (error) {
      if (error instanceof Error && error.message.includes("fenced"))
        throw new InstarError("FENCED", "this daemon has been replaced by a newer one and may write nothing more", {
          cause: error,
          facts: { epoch: this.#epoch },
        });
      if (error instanceof Error && error.message.includes("the update has ended"))
        throw new InstarError("CONFLICT", `update ${update} has ended`, { cause: error, facts: { update } });
      throw error;
    }
  }

  read(update: UpdateId): JournalEntry[] {
    const rows = this.#database.prepare("SELECT * FROM journal WHERE update_id = ? ORDER BY seq").all(update) as unknown as Row[];
    return rows.map(parseRow);
  }

  /** The number of the newest entry, which grows with each: who has seen to it so far need not look again. 0 where there is none. */
  newest(): number {
    return (this.#database.prepare("SELECT coalesce(max(rowid), 0) AS newest FROM journal").get() as { newest: number }).newest;
  }

  /** What came after the entry of this number, of whichever update, with the number of each. */
  after(number: number, most: number): { readonly number: number; readonly entry: JournalEntry }[] {
    const rows = this.#database.prepare("SELECT rowid, * FROM journal WHERE rowid > ? ORDER BY rowid LIMIT ?").all(number, most);
    return (rows as unknown as (Row & { rowid: number })[]).map((row) => ({ number: row.rowid, entry: parseRow(row) }));
  }

  /**
   * One value of each update, oldest first. Of one that has ended it is computed once and kept, since its journal never changes again: so a fold gives little, and
   * hangs on nothing but the entries. It is known by its function, which is therefore none that is made anew for each call.
   */
  foldEach<Value>(fold: (entries: readonly JournalEntry[], readAgain: () => readonly JournalEntry[]) => Value): Value[] {
    const kept = (this.#folded.get(fold) ?? new Map()) as Map<UpdateId, Value>;
    this.#folded.set(fold, kept);
    return this.list().map((update) => {
      const known = kept.get(update);
      if (known !== undefined || kept.has(update)) return known as Value;
      const entries = this.read(update);
      const value = fold(entries, () => this.read(update));
      if (entries.at(-1)?.kind === "ended") kept.set(update, value);
      return value;
    });
  }

  /** Every update's id, oldest first. Those that were read before are remembered: none is ever taken away, and whoever wrote a new one, it comes after them. */
  list(): readonly UpdateId[] {
    const begun = this.#begun;
    const rows = this.#database.prepare("SELECT rowid AS number, update_id FROM journal WHERE seq = 0 AND rowid > ? ORDER BY rowid").all(begun.upTo) as {
      number: number;
      update_id: string;
    }[];
    if (rows.length === 0) return begun.ids;
    const ids = [...begun.ids, ...rows.map((row) => row.update_id as UpdateId)];
    // What is not durable yet may never be: SQLite gives its number to another entry then.
    if (!this.#database.isTransaction) this.#begun = { upTo: rows.at(-1)?.number ?? begun.upTo, ids };
    return ids;
  }

  /** Some of the updates, newest first, and how many fit in all. Asks for no more entries than it must: there may be ten thousands of updates. */
  page({ before, outcome, version, limit }: PageQuestion): { readonly updates: UpdateId[]; readonly total: number } {
    const end = "(SELECT json_extract(e.gives, '$.outcome') FROM journal e WHERE e.update_id = j.update_id AND e.kind = 'ended')";
    const begins = (path: string) => `substr(json_extract(j.gives, '${path}'), 1, length(?)) = ?`;
    const fits = [
      "j.seq = 0",
      ...(outcome === undefined ? [] : [outcome === "open" ? `${end} IS NULL` : `${end} = ?`]),
      ...(version === undefined ? [] : [`(${begins("$.start.versionTo")} OR ${begins("$.start.commit")})`]),
    ].join(" AND ");
    const given = [...(outcome === undefined || outcome === "open" ? [] : [outcome]), ...(version === undefined ? [] : [version, version, version, version])];
    const older = before === undefined ? "" : "AND j.rowid < (SELECT rowid FROM journal WHERE update_id = ? AND seq = 0)";
    const rows = this.#database
      .prepare(`SELECT j.update_id FROM journal j WHERE ${fits} ${older} ORDER BY j.rowid DESC LIMIT ?`)
      .all(...given, ...(before === undefined ? [] : [before]), limit) as { update_id: string }[];
    const { total } = this.#database.prepare(`SELECT count(*) AS total FROM journal j WHERE ${fits}`).get(...given) as { total: number };
    return { updates: rows.map((row) => row.update_id as UpdateId), total };
  }

  /** Updates that have not ended, oldest first; also those whose beginning is gone. Only what was written since the last time is looked at. */
  unfinished(): UpdateId[] {
    const { upTo, ids: known } = this.#open;
    const rows = this.#database
      .prepare(
        `SELECT update_id AS id, max(rowid) AS newest, sum(kind = 'ended') > 0 OR EXISTS (SELECT 1 FROM journal e WHERE e.update_id = j.update_id AND e.kind = 'ended') AS has_ended
         FROM journal j WHERE rowid > ? GROUP BY update_id ORDER BY min(rowid)`,
      )
      .all(upTo) as { id: string; newest: number; has_ended: number }[];
    if (rows.length === 0) return [...known];
    const over = new Set(rows.flatMap(({ id, has_ended }) => (has_ended === 1 ? [id] : [])));
    const fresh = rows.map(({ id }) => id as UpdateId);
    const ids = [...new Set([...known, ...fresh])].filter((id) => !over.has(id));
    // As in `list`.
    if (!this.#database.isTransaction) this.#open = { upTo: Math.max(...rows.map(({ newest }) => newest)), ids };
    return [...ids];
  }
}

export interface PageQuestion {
  /** Only older ones than this. */
  readonly before?: UpdateId | undefined;
  readonly outcome?: Outcome | "open" | undefined;
  /** How the version or the commit begins. */
  readonly version?: string | undefined;
  readonly limit: number;
}

interface Row {
  update_id: string;
  seq: number;
  at: string;
  tick_ms: number;
  epoch: number;
  attempt: number;
  kind: string;
  gives: string;
}

function parseRow(row: Row): JournalEntry {
  const rest = JSON.parse(row.gives) as object;
  return {
    ...rest,
    kind: row.kind,
    update: row.update_id,
    seq: row.seq,
    at: row.at,
    tickMs: row.tick_ms,
    epoch: row.epoch,
    attempt: row.attempt,
  } as JournalEntry;
}

/** Takes the next epoch: from now on every daemon before this one is refused by the database. */
export function takeEpoch(database: DatabaseSync): number {
  return transact(database, () => {
    database.exec("UPDATE lease SET epoch = epoch + 1");
    return (database.prepare("SELECT epoch FROM lease").get() as { epoch: number }).epoch;
  });
}
