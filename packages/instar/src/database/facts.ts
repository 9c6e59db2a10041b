import type { DatabaseSync } from "node:sqlite";

/**
 * Small facts that are neither an update's nor the ledger's: what a source said last, how far the instance's own time has come.
 * A fact is replaced whole, in a transaction of its own or in the caller's.
 */
export class Facts {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  read<T>(name: string): T | undefined {
    const row = this.#database.prepare("SELECT value FROM facts WHERE name = ?").get(name) as { value: string } | undefined;
    return row === undefined ? undefined : (JSON.parse(row.value) as T);
  }

  remove(name: string): void {
    this.#database.prepare("DELETE FROM facts WHERE name = ?").run(name);
  }

  write(name: string, value: unknown): void {
    this.#database.prepare("INSERT INTO facts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value").run(name, JSON.stringify(value));
  }
}
