import type { DatabaseSync } from "node:sqlite";
import type { UpdateEventView } from "@instar/protocol";

/** So many are kept. */
const KEPT = 1_000;

/** What sources reported: one event for each commit, whoever sees it and however often. Writing is in the caller's transaction. */
export class UpdateEvents {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  ofCommit(commit: string): UpdateEventView | undefined {
    const row = this.#database.prepare("SELECT body FROM update_event WHERE release_commit = ? ORDER BY rowid DESC LIMIT 1").get(commit);
    return row === undefined ? undefined : parse(row);
  }

  put(event: UpdateEventView): void {
    this.#database
      .prepare("INSERT INTO update_event (id, source, release_commit, at, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body")
      .run(event.eventId, event.source, event.gitCommitHash, event.timestamp, JSON.stringify(event));
    this.#database.prepare("DELETE FROM update_event WHERE rowid <= (SELECT max(rowid) FROM update_event) - ?").run(KEPT);
  }

  /** Newest first; from before an event where one is named, none where that one is gone. */
  list(limit: number, decision?: UpdateEventView["decision"], before?: string): UpdateEventView[] {
    const where = [
      ...(decision === undefined ? [] : ["json_extract(body, '$.decision') = ?"]),
      ...(before === undefined ? [] : ["rowid < (SELECT rowid FROM update_event WHERE id = ?)"]),
    ];
    const rows = this.#database
      .prepare(`SELECT body FROM update_event ${where.length === 0 ? "" : `WHERE ${where.join(" AND ")}`} ORDER BY rowid DESC LIMIT ?`)
      .all(...[decision, before].filter((value) => value !== undefined), limit);
    return rows.map(parse);
  }
}

/** An older Instar did not say who vouches for it. */
const parse = (row: object): UpdateEventView => {
  const event = JSON.parse((row as { body: string }).body) as UpdateEventView;
  return { ...event, origin: event.origin ?? null };
};
