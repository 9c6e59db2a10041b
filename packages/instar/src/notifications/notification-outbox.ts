import type { DatabaseSync } from "node:sqlite";
import type { Notification } from "./plan-notifications.ts";

/** How long until the next try, after each that failed. Then it is given up, and said so. */
const PAUSES_MS = [5_000, 30_000, 120_000, 600_000, 1_800_000, 3_600_000];
/** What was told long ago is of no use any more. */
const KEPT = 500;

export interface DueNotification extends Notification {
  readonly tries: number;
}

/**
 * Notifications that are still to be told. They are written in the transaction of what happened, so that none is lost with a daemon; told at
 * least once: a daemon that is killed between telling and writing it down tells it again, with the same id.
 */
export class NotificationOutbox {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** In the caller's transaction. What was put there before is not put there again. */
  put(notifications: readonly Notification[]): void {
    const insert = this.#database.prepare("INSERT OR IGNORE INTO notifications (id, body, tries, due_tick_ms, state, because) VALUES (?, ?, 0, 0, 'due', '')");
    for (const notification of notifications) insert.run(notification.id, JSON.stringify(notification));
  }

  due(tickMs: number): DueNotification[] {
    const rows = this.#database
      .prepare("SELECT body, tries FROM notifications WHERE state = 'due' AND due_tick_ms <= ? ORDER BY rowid LIMIT 20")
      .all(Math.round(tickMs)) as { body: string; tries: number }[];
    return rows.map(({ body, tries }) => ({ ...(JSON.parse(body) as Notification), tries }));
  }

  told(id: string): void {
    this.#database.prepare("UPDATE notifications SET state = 'told', because = '' WHERE id = ?").run(id);
    this.#database.prepare("DELETE FROM notifications WHERE state <> 'due' AND rowid <= (SELECT max(rowid) FROM notifications) - ?").run(KEPT);
  }

  /** @returns whether it is given up now */
  failed({ id, tries }: DueNotification, because: string, tickMs: number): boolean {
    const pauseMs = PAUSES_MS[tries];
    this.#database
      .prepare("UPDATE notifications SET tries = tries + 1, due_tick_ms = ?, state = ?, because = ? WHERE id = ?")
      .run(Math.round(tickMs + (pauseMs ?? 0)), pauseMs === undefined ? "given-up" : "due", because, id);
    return pauseMs === undefined;
  }

  /** What could not be told so far: for `doctor`. */
  troubled(): { readonly waiting: number; readonly givenUp: number; readonly because: string | null } {
    const count = (where: string) => (this.#database.prepare(`SELECT count(*) AS n FROM notifications WHERE ${where}`).get() as { n: number }).n;
    const last = this.#database.prepare("SELECT because FROM notifications WHERE because <> '' ORDER BY rowid DESC LIMIT 1").get() as
      | { because: string }
      | undefined;
    return { waiting: count("state = 'due' AND tries > 0"), givenUp: count("state = 'given-up'"), because: last?.because ?? null };
  }
}
