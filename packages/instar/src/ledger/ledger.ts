import { constants, existsSync, statSync } from "node:fs";
import { open, readFile, rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { InstarError } from "@instar/protocol";
import { transact } from "../database/open-database.ts";
import { explainFileError, makePrivateFolder, syncFolder, writeFileDurably } from "../platform/durable-files.ts";
import { createRedactor } from "../platform/secrets/redact-secrets.ts";
import { GENESIS, hashLine, type LedgerEntry, type LedgerStatement, renderFitting } from "./ledger-entry.ts";
import { CHECKPOINT, countBundles, listTailFiles, readBundle, readTail, tailFileOf, tileReader } from "./log-folder.ts";
import { sealBundles } from "./seal-bundles.ts";
import { openCheckpoint, renderCheckpoint } from "./tree/checkpoint.ts";
import { frontierOf, rootOf } from "./tree/hash-range.ts";
import { type Frontier, hashLeaf } from "./tree/hash-tree.ts";
import type { NoteKey } from "./tree/note-key.ts";
import { signNote } from "./tree/signed-note.ts";
import { entriesPath, TILE_WIDTH } from "./tree/tile.ts";

export interface LedgerParts {
  readonly database: DatabaseSync;
  /** Made when the first entry is written. */
  readonly folder: string;
  readonly now: () => number;
  /** Signs the heads of the tree; its name is the log's origin. Null where nobody asks for proofs. */
  readonly key: NoteKey | null;
}

/** The files as they were after the last write. */
interface Written {
  /** Full ones. */
  readonly bundles: number;
  /** Entries after them. */
  readonly tail: readonly Buffer[];
  readonly frontier: Frontier;
  /** Of the tail's file. */
  readonly tailBytes: number;
}

/**
 * The instance's ledger: hash-chained entries that are the leaves of a Merkle tree, in files, fed through an outbox in the database.
 *
 * `append` runs inside the caller's transaction, so an entry exists exactly if what it tells of was recorded. `drain` moves outbox rows to the files and signs the
 * new head of the tree; all rows that wait go together. A crash between the two leaves rows in the outbox, which the next drain moves; a crash in the middle of a
 * line leaves a torn tail, which the next drain cuts off and writes anew from the outbox.
 */
export class Ledger {
  readonly #parts: LedgerParts;
  readonly #statements: { readonly newest: StatementSync; readonly moved: StatementSync; readonly append: StatementSync };
  #draining: Promise<void> = Promise.resolve();
  #redact: (text: string) => string = createRedactor({});
  #written: Written | undefined;
  #trouble: InstarError | undefined;

  constructor(parts: LedgerParts) {
    this.#parts = parts;
    const { database } = parts;
    this.#statements = {
      newest: database.prepare("SELECT idx, line FROM ledger_outbox ORDER BY idx DESC LIMIT 1"),
      moved: database.prepare("SELECT length, hash FROM ledger_head"),
      append: database.prepare("INSERT INTO ledger_outbox VALUES (?, ?)"),
    };
  }

  /** How many entries there are, and the hash of the newest: in the outbox, and else in the files. */
  head(): { length: number; hash: string } {
    const newest = this.#statements.newest.get() as OutboxRow | undefined;
    if (newest !== undefined) return { length: newest.idx + 1, hash: hashLine(newest.line) };
    const moved = this.#statements.moved.get() as { length: number; hash: string } | undefined;
    return moved === undefined ? { length: 0, hash: GENESIS } : { length: moved.length, hash: moved.hash };
  }

  /** Values that must never come to the ledger, by name; what has the shape of a key never does. */
  keepOut(secrets: Readonly<Record<string, string>>): void {
    this.#redact = createRedactor(secrets);
  }

  /** Why the files can no longer be written to; null where they can. What happens meanwhile waits in the outbox. */
  get trouble(): string | null {
    return this.#trouble?.message ?? null;
  }

  /** Adds an entry. Call it inside the transaction that records what the entry tells of. */
  append(statement: LedgerStatement): LedgerEntry {
    const head = this.head();
    const place = { index: head.length, at: new Date(this.#parts.now()).toISOString(), previous: head.hash };
    const { entry, line } = renderFitting(statement, place, this.#redact);
    this.#statements.append.run(entry.index, line);
    return entry;
  }

  /**
   * Moves what is in the outbox to the files, durably, and only then forgets the rows. Calls queue up behind each other.
   * @throws InstarError DISK_FULL, PLATFORM_FAILED; LEDGER_DAMAGED where the files are not those that this database wrote: nothing is written on top of them
   */
  drain(): Promise<void> {
    const next = this.#draining.then(() => this.#drainOnce());
    this.#draining = next.catch(() => undefined);
    return next;
  }

  /** Acts while nothing is written to the files: for who reads them piece by piece. What happens meanwhile waits in the outbox. */
  quietly<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#draining.then(act);
    this.#draining = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  }

  async #drainOnce(): Promise<void> {
    const { database, folder } = this.#parts;
    // Read together: what is appended while the files are looked at belongs to the next drain.
    const head = this.head();
    const rows = database.prepare("SELECT idx, line FROM ledger_outbox ORDER BY idx").all() as unknown as OutboxRow[];
    const last = rows.at(-1);
    try {
      if (last === undefined && this.#written !== undefined) return;
      await makePrivateFolder(folder);
      const written = await this.#reopen({ head, rows });
      const size = written.bundles * TILE_WIDTH + written.tail.length;
      const fresh = rows.filter(({ idx }) => idx >= size).map(({ line }) => Buffer.from(line));
      this.#written = undefined;
      const now = await this.#write(written, fresh);
      await this.#sign(now.frontier);
      this.#written = now;
      this.#trouble = undefined;
    } catch (error) {
      if (InstarError.is(error, "LEDGER_DAMAGED")) this.#trouble = error;
      throw error;
    }
    if (last !== undefined) this.#forget(last);
  }

  /** What is in the files now: the outbox forgets it, and the head is remembered without it. One transaction. */
  #forget({ idx, line }: OutboxRow): void {
    const { database } = this.#parts;
    transact(database, () => {
      database
        .prepare("INSERT INTO ledger_head VALUES (1, ?, ?) ON CONFLICT (one) DO UPDATE SET length = excluded.length, hash = excluded.hash")
        .run(idx + 1, hashLine(line));
      database.prepare("DELETE FROM ledger_outbox WHERE idx <= ?").run(idx);
    });
  }

  /** The files as this one left them, or read anew where another process wrote. */
  async #reopen(remembered: Remembered): Promise<Written> {
    const { folder } = this.#parts;
    if (this.#written !== undefined && isAsLeft(folder, this.#written)) return this.#written;
    const bundles = countBundles(folder);
    for (const file of listTailFiles(folder)) await cutTornTail(join(folder, file));
    const { lines } = readTail(folder, bundles);
    const reader = tileReader(folder, { bundles, lines });
    const size = bundles * TILE_WIDTH + lines.length;
    const newest = lines.at(-1) ?? (bundles === 0 ? null : readBundle(folder, bundles - 1)?.at(-1));
    assertOurs({ size, newest }, remembered);
    await this.#assertCheckpoint(size, reader);
    return { bundles, tail: lines, frontier: frontierOf(size, reader), tailBytes: tailBytesOf(folder, bundles) };
  }

  /** What was signed must be a beginning of what is there. */
  async #assertCheckpoint(size: number, reader: ReturnType<typeof tileReader>): Promise<void> {
    const { folder, key } = this.#parts;
    const note = await readFile(join(folder, CHECKPOINT)).catch(() => undefined);
    if (note === undefined || key === null) return;
    const opened = openCheckpoint(note, { origin: key.name, keys: [key] });
    const damaged = (because: string) => new InstarError("LEDGER_DAMAGED", because, { advice: KEEP });
    if (opened.kind === "refused") throw damaged(`the checkpoint is not this ledger's: ${opened.because}`);
    const { checkpoint } = opened;
    if (checkpoint.size > size) throw damaged(`the files end at entry ${size}, and ${checkpoint.size} were signed: they were put back`);
    const sameSize = checkpoint.size === size ? rootOf(size, reader) : undefined;
    if (sameSize !== undefined && !sameSize.equals(checkpoint.root)) throw damaged("the entries are not those that were signed");
  }

  async #write({ bundles, tail, frontier }: Written, fresh: readonly Buffer[]): Promise<Written> {
    const { folder } = this.#parts;
    const all = [...tail, ...fresh];
    const full = Math.floor(all.length / TILE_WIDTH);
    for (let at = 0; at < full; at += SEALED_AT_ONCE) {
      const some = Math.min(SEALED_AT_ONCE, full - at);
      const chunks = Array.from({ length: some }, (_, one) => all.slice((at + one) * TILE_WIDTH, (at + one + 1) * TILE_WIDTH));
      await sealBundles(folder, bundles + at, chunks);
    }
    const rest = all.slice(full * TILE_WIDTH);
    const path = join(folder, tailFileOf(bundles + full));
    if (full === 0) await appendLines(path, fresh);
    else if (rest.length > 0) await writeFileDurably(path, joinLines(rest));
    const stale = listTailFiles(folder).filter((file) => file !== tailFileOf(bundles + full));
    for (const file of stale) await rm(join(folder, file), { force: true });
    for (const line of fresh) frontier.append(hashLeaf(line));
    return { bundles: bundles + full, tail: rest, frontier, tailBytes: tailBytesOf(folder, bundles + full) };
  }

  async #sign(frontier: Frontier): Promise<void> {
    const { folder, key } = this.#parts;
    if (key === null || frontier.size === 0) return;
    await writeFileDurably(join(folder, CHECKPOINT), signNote(renderCheckpoint({ origin: key.name, size: frontier.size, root: frontier.root() }), key));
  }
}

/** Of one moment. */
interface Remembered {
  readonly head: { readonly length: number; readonly hash: string };
  readonly rows: readonly OutboxRow[];
}

interface OutboxRow {
  readonly idx: number;
  readonly line: string;
}

/** Bundles that go to the disk together: enough that syncs no longer count, few enough to hold in memory twice. */
const SEALED_AT_ONCE = 64;

const KEEP = "Keep the data folder as it is, and compare it with a copy from before. The agent goes on serving.";

const tailBytesOf = (folder: string, bundles: number): number => statSync(join(folder, tailFileOf(bundles)), { throwIfNoEntry: false })?.size ?? 0;
const isAsLeft = (folder: string, { bundles, tailBytes }: Written) =>
  tailBytesOf(folder, bundles) === tailBytes && !existsSync(join(folder, entriesPath(bundles)));
const joinLines = (lines: readonly Buffer[]) => Buffer.concat(lines.flatMap((line) => [line, NEWLINE]));
const NEWLINE = Buffer.from("\n");

/** What the database remembers must go on where the files end. @throws InstarError LEDGER_DAMAGED */
function assertOurs({ size, newest }: { readonly size: number; readonly newest: Buffer | null | undefined }, { head, rows }: Remembered): void {
  const waiting = rows.filter(({ idx }) => idx >= size);
  const damaged = (because: string) => new InstarError("LEDGER_DAMAGED", because, { advice: KEEP });
  if (size > head.length) throw damaged(`the files hold ${size} entries, the database knows only ${head.length}: it is older than the ledger`);
  if (size + waiting.length < head.length) throw damaged(`the files end at entry ${size}, the database knows ${head.length - waiting.length}`);
  if (newest === undefined) return;
  const hash = newest === null ? GENESIS : hashLine(newest);
  const follows = waiting[0] === undefined ? head.hash : (JSON.parse(waiting[0].line) as LedgerEntry).previous;
  if (hash !== follows) throw damaged("the newest entry in the files is not the one that the database wrote");
}

async function appendLines(path: string, lines: readonly Buffer[]): Promise<void> {
  if (lines.length === 0) return;
  const isNew = !existsSync(path);
  try {
    const handle = await open(path, constants.O_CREAT | constants.O_APPEND | constants.O_WRONLY, 0o600);
    try {
      await handle.appendFile(joinLines(lines));
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw explainFileError(error, `could not write the ledger file ${path}`);
  }
  if (isNew) await syncFolder(join(path, ".."));
}

/** A torn last line is cut away: its row is still in the outbox, since rows go only after a sync. */
async function cutTornTail(path: string): Promise<void> {
  const bytes = await readFile(path);
  const end = bytes.lastIndexOf(0x0a) + 1;
  if (end < bytes.length) await truncate(path, end);
}
