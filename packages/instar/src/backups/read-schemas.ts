import { createHash } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { locate, renderRaw } from "../store/raw-path.ts";
import { walkTree } from "../store/walk-tree.ts";
import { beginsAsDatabase } from "./copy-live-databases.ts";

/** What a SQLite database says of its own shape. */
export interface DatabaseSchema {
  /** From the state folder. */
  readonly path: string;
  /** `PRAGMA user_version`: most programs count their migrations there. */
  readonly userVersion: number;
  /** Of its tables, indexes, views and triggers. */
  readonly digest: string;
}

/** The schemas of the databases in a copied state, sorted by path. Never of a live one: opening a database may change the files beside it. */
export async function readSchemas(copy: string): Promise<DatabaseSchema[]> {
  const found: DatabaseSchema[] = [];
  for (const entry of await walkTree(copy)) {
    if (entry.kind !== "file" || entry.size < 512 || !beginsAsDatabase(locate(copy, entry.path))) continue;
    const schema = readSchema(renderRaw(locate(copy, entry.path).toString("latin1")));
    if (schema !== undefined) found.push({ path: renderRaw(entry.path), ...schema });
  }
  return found;
}

function readSchema(path: string): { userVersion: number; digest: string } | undefined {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path);
    const { user_version } = database.prepare("PRAGMA user_version").get() as { user_version: number };
    const rows = database.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name").all();
    return { userVersion: user_version, digest: createHash("sha256").update(JSON.stringify(rows)).digest("hex").slice(0, 16) };
  } catch {
    return undefined; // Damaged, or of a shape that this SQLite does not know: nothing is claimed about it.
  } finally {
    database?.close();
  }
}
