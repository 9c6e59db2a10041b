import { createHash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { transact } from "./open-database.ts";

/** Texts that entries name by their digest because they are too long to stand there: policies that decided, what a model was asked and said. */
export class Documents {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Keeps a text, once, in a transaction of its own. Durable when it returns; gives `sha256:` and 64 hex digits. @throws InstarError DISK_FULL, transient */
  keep(text: string, at: string): string {
    const digest = `sha256:${createHash("sha256").update(text).digest("hex")}`;
    // A crash after this and before the entry that names it leaves a text that nobody asks for.
    transact(this.#database, () => this.#database.prepare("INSERT OR IGNORE INTO document VALUES (?, ?, ?)").run(digest, text, at));
    return digest;
  }

  /** The one text whose digest begins so, with `sha256:` or without; undefined where there is none, or more than one. */
  find(beginning: string): { readonly digest: string; readonly text: string } | undefined {
    const hex = beginning.replace(/^sha256:/, "");
    if (!/^[0-9a-f]{8,64}$/.test(hex)) return undefined;
    const rows = this.#database.prepare("SELECT digest FROM document WHERE digest LIKE ? LIMIT 2").all(`sha256:${hex}%`) as { digest: string }[];
    const [only] = rows;
    const text = only === undefined || rows.length > 1 ? undefined : this.read(only.digest);
    return only === undefined || text === undefined ? undefined : { digest: only.digest, text };
  }

  /** Undefined where it was never kept. What is not what its digest says is not given. */
  read(digest: string): string | undefined {
    const row = this.#database.prepare("SELECT body FROM document WHERE digest = ?").get(digest) as { body: string } | undefined;
    if (row === undefined || `sha256:${createHash("sha256").update(row.body).digest("hex")}` !== digest) return undefined;
    return row.body;
  }
}
