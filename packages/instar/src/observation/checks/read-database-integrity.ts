import { type Dirent, readdirSync } from "node:fs";
import { open } from "node:fs/promises";
import { join, relative } from "node:path";
import { DatabaseSync } from "node:sqlite";

export interface DatabaseFact {
  /** From the folder that was read. */
  readonly path: string;
  readonly kind: "whole" | "damaged" | "passed-over";
  readonly because: string;
}

/** Checking reads all of a file, and meanwhile nothing else of this process runs. */
const LARGEST_BYTES = 256 * 1_048_576;
const MOST_DATABASES = 50;
const MOST_FILES = 20_000;
/** SQLite, "Database File Format", §1.3. */
const MAGIC = "SQLite format 3\0";

/**
 * Whether the SQLite files in a *copy* of a state are whole, by SQLite's own quick_check. Never of a live one: opening a database may change the files
 * beside it and stop its writer. What is too large, or too many, is passed over and said.
 */
export async function readDatabaseIntegrity(copy: string): Promise<DatabaseFact[]> {
  const found: DatabaseFact[] = [];
  const unreadable: string[] = [];
  let files = 0;
  for (const path of walkFiles(copy, unreadable)) {
    files += 1;
    if (files > MOST_FILES)
      return [...found, { path: "", kind: "passed-over", because: `there are more than ${MOST_FILES} files; the others were not looked at` }];
    const size = await readDatabaseSize(path);
    if (size === undefined) continue;
    const name = relative(copy, path);
    if (found.length >= MOST_DATABASES) found.push({ path: name, kind: "passed-over", because: `it is one of more than ${MOST_DATABASES}` });
    else if (size > LARGEST_BYTES) found.push({ path: name, kind: "passed-over", because: `it is larger than ${LARGEST_BYTES / 1_048_576} MiB` });
    else found.push({ path: name, ...checkFile(path) });
  }
  found.push(...unreadable.map((folder): DatabaseFact => ({ path: relative(copy, folder), kind: "passed-over", because: "the folder cannot be opened" })));
  return found.sort((one, other) => (one.path < other.path ? -1 : 1));
}

/** One that is open already, such as Instar's own. */
export function checkDatabase(database: DatabaseSync): Omit<DatabaseFact, "path"> {
  try {
    const rows = database.prepare("PRAGMA quick_check(3)").all() as { quick_check: unknown }[];
    const words = rows.map((row) => String(Object.values(row)[0])).join("; ");
    return words === "ok" ? { kind: "whole", because: "SQLite finds it whole" } : { kind: "damaged", because: words.slice(0, 300) };
  } catch (error) {
    return { kind: "damaged", because: error instanceof Error ? error.message : "it cannot be read" };
  }
}

function checkFile(path: string): Omit<DatabaseFact, "path"> {
  let database: DatabaseSync | undefined;
  try {
    // What an agent wrote: no extension is loaded, and nothing in its schema is run as code.
    database = new DatabaseSync(path, { allowExtension: false });
    database.exec("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON");
    return checkDatabase(database);
  } catch (error) {
    return { kind: "damaged", because: error instanceof Error ? error.message : "it cannot be opened" };
  } finally {
    database?.close();
  }
}

/** Its size where a file begins as a database does. */
async function readDatabaseSize(path: string): Promise<number | undefined> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(MAGIC.length), 0, MAGIC.length, 0);
    return bytesRead === MAGIC.length && buffer.toString("latin1") === MAGIC ? (await file.stat()).size : undefined;
  } finally {
    await file.close();
  }
}

/** Regular files only: a pipe would be waited on for ever, a link may lead out. What cannot be opened is named. */
function* walkFiles(folder: string, unreadable: string[]): Generator<string> {
  let entries: Dirent[];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    unreadable.push(folder);
    return;
  }
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* walkFiles(path, unreadable);
    else if (entry.isFile()) yield path;
  }
}
