import childProcess from "node:child_process";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import promises, { type FileHandle } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { basename, dirname, join, sep } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { promisify } from "node:util";

interface Watch {
  /** Broken rules go to durability.jsonl here. */
  readonly folder: string;
  readonly data: string;
  readonly role: string;
}

/** So many renames in one folder without a sync of it that ended: no two writers at once explain that. */
const MOST_UNSYNCED_RENAMES = 5;

/**
 * SIGKILL loses nothing that was written, only power loss does; so what a test of kills cannot see is watched here as it happens:
 * 1. a `.tmp-` file is renamed into its place only when its bytes were synced, and the folder is synced after it;
 * 2. a manifest is put in its place only when the tree that it speaks for was synced; so with a restored state about to move in;
 *    that of a snapshot only when the folder of the store's packs was synced after the last one that came;
 * 3. a ledger file is synced before it is closed, it and a new one's folder before the outbox forgets its rows;
 *    the journal says that a step is done only when the renames of the step are durable in both folders;
 * 4. the journal is written in WAL mode with synchronous=FULL.
 */
export function installDurabilityWatch(watch: Watch): void {
  const files = new Files(watch);
  const { open, rename } = promises;
  promises.open = async (path, ...rest) => {
    const isNew = !existsSync(path as string);
    const handle = await open(path, ...rest);
    if (isNew) files.created(String(path));
    return files.follow(handle, String(path));
  };
  promises.rename = async (from, to) => {
    files.beforeRename(String(from), String(to));
    await rename(from, to);
    files.afterRename(String(from), String(to));
  };
  wrapExecFile(files);
  syncBuiltinESMExports();
  wrapDatabase(files);
}

class Files {
  readonly #watch: Watch;
  /** Written and not synced since. */
  readonly #dirty = new Set<string>();
  /** Trees that were synced as a whole. */
  readonly #flushed = new Set<string>();
  readonly #synced = new Set<string>();
  readonly #renamedIn = new Map<string, number>();
  /** Folders with a new file in them that were not synced since. */
  readonly #newIn = new Set<string>();
  /** What steps renamed, by the folders that are not synced yet. */
  readonly #owed = new Map<string, string>();

  constructor(watch: Watch) {
    this.#watch = watch;
  }

  follow(handle: FileHandle, path: string): FileHandle {
    for (const name of ["write", "writev", "writeFile", "appendFile", "truncate"] as const) {
      const write = (handle[name] as (...args: unknown[]) => Promise<unknown>).bind(handle);
      Object.defineProperty(handle, name, {
        value: async (...args: unknown[]) => {
          this.#dirty.add(path);
          return write(...args);
        },
      });
    }
    const sync = handle.sync.bind(handle);
    handle.sync = async () => {
      const renamedBefore = this.#renamedIn.get(path) ?? 0;
      const owed = this.#owed.get(path);
      await sync();
      if (this.#owed.get(path) === owed) this.#owed.delete(path);
      this.#newIn.delete(path);
      this.#dirty.delete(path);
      this.#synced.add(path);
      this.#renamedIn.set(path, (this.#renamedIn.get(path) ?? 0) - renamedBefore);
    };
    const close = handle.close.bind(handle);
    handle.close = async () => {
      if (this.#dirty.has(path) && this.#isLedger(path)) this.broken(`${path} was closed with entries that were not synced`);
      await close();
    };
    return handle;
  }

  flushed(tree: string): void {
    this.#flushed.add(tree);
  }

  beforeRename(from: string, to: string): void {
    if (!to.startsWith(this.#watch.data)) return;
    if (basename(from).startsWith(".tmp-") && (this.#dirty.has(from) || !this.#synced.has(from)))
      this.broken(`${to} was put in its place before its bytes were synced`);
    this.#dirty.delete(from);
    if (to.includes("/.restores/")) this.#settleDebts("the next part of a restore begins", dirname(to));
    const packs = join(this.#watch.data, "store", "packs");
    if (/\/snapshots\/[^/]+\/manifest\.json$/.test(to) && (this.#renamedIn.get(packs) ?? 0) > 0)
      this.broken(`${to} speaks for packs whose names were not synced`);
    const tree = treeSpokenFor(from, to);
    if (tree !== undefined && existsSync(tree) && !this.#isFlushed(tree)) this.broken(`${to} speaks for ${tree}, which was not synced`);
  }

  afterRename(from: string, to: string): void {
    if (isStepsRename(to)) for (const folder of [dirname(from), dirname(to)]) this.#owed.set(folder, `${from} to ${to}`);
    if (!to.startsWith(this.#watch.data)) return;
    const folder = dirname(to);
    const count = (this.#renamedIn.get(folder) ?? 0) + 1;
    this.#renamedIn.set(folder, count);
    if (count === MOST_UNSYNCED_RENAMES) this.broken(`${folder} was not synced after ${count} renames in it`);
  }

  created(path: string): void {
    if (this.#isLedger(path)) this.#newIn.add(dirname(path));
  }

  beforeForgetting(): void {
    const dirty = [...this.#dirty].find((path) => this.#isLedger(path));
    if (dirty !== undefined) this.broken(`the outbox forgets entries that are not synced in ${dirty}`);
    for (const folder of this.#newIn) this.broken(`the outbox forgets entries in a new file of ${folder}, which was not synced`);
  }

  beforeDone(): void {
    this.#settleDebts("a step is said to be done");
  }

  broken(rule: string): void {
    appendFileSync(join(this.#watch.folder, "durability.jsonl"), `${JSON.stringify({ role: this.#watch.role, rule })}\n`);
  }

  /** `except`: whose own turn has not come yet. */
  #settleDebts(occasion: string, except?: string): void {
    for (const [folder, renamed] of this.#owed) if (folder !== except) this.broken(`${occasion}, and ${folder} was not synced after ${renamed}`);
  }

  #isFlushed(tree: string): boolean {
    return this.#flushed.has(tree) || (!HAS_SYNC && [...this.#synced].some((path) => path.startsWith(join(tree, sep))));
  }

  #isLedger(path: string): boolean {
    return dirname(path) === join(this.#watch.data, "ledger");
  }
}

/** Without that program trees are synced file by file. */
const HAS_SYNC = ["/usr/bin/sync", "/bin/sync"].some((path) => existsSync(path));

/** What a step puts in its place for good: a state, and what makes a release, a snapshot or a restore what it is. */
function isStepsRename(to: string): boolean {
  return /\/agent\/state$|\/aside\/state-[0-9a-f]+$|\/snapshots\/[^/]+\/manifest\.json$|\/releases\/[^/]+\/(release\.json|manifest\.jsonl)$|\/\.restores\/[0-9a-f]+\.json$/.test(
    to,
  );
}

/** The tree whose bytes a file promises, at the moment in which that file comes into its place. */
function treeSpokenFor(from: string, to: string): string | undefined {
  if (/\/releases\/[^/]+\/manifest\.jsonl$/.test(to)) return dirname(to);
  if (!/\/\.restores\/[0-9a-f]+\.json$/.test(to)) return undefined;
  const { phase, builtAt } = JSON.parse(readFileSync(from, "utf8")) as { phase: string; builtAt: string };
  return phase === "moving-aside" ? builtAt : undefined;
}

/** `sync -f <path>` makes a tree durable at once; who calls it waits for its end through promisify. */
function wrapExecFile(files: Files): void {
  const { execFile } = childProcess;
  const run = promisify(execFile);
  const wrapped = (...args: Parameters<typeof execFile>) => execFile(...args);
  const awaited = async (file: string, args: readonly string[], options: object) => {
    const result = await run(file, args, options);
    if (file === "sync" && args[0] === "-f" && args[1] !== undefined) files.flushed(args[1]);
    return result;
  };
  Object.defineProperty(wrapped, promisify.custom, { value: awaited });
  childProcess.execFile = wrapped as unknown as typeof execFile;
}

function wrapDatabase(files: Files): void {
  const { prepare } = DatabaseSync.prototype;
  DatabaseSync.prototype.prepare = function (sql, ...rest) {
    if (sql.startsWith("INSERT INTO journal")) {
      const synchronous = prepare.call(this, "PRAGMA synchronous").get()?.synchronous;
      const mode = prepare.call(this, "PRAGMA journal_mode").get()?.journal_mode;
      if (synchronous !== 2 || mode !== "wal") files.broken(`the journal is written with synchronous=${String(synchronous)}, journal_mode=${String(mode)}`);
    }
    if (sql.startsWith("DELETE FROM ledger_outbox")) files.beforeForgetting();
    const statement = prepare.call(this, sql, ...rest);
    if (!sql.startsWith("INSERT INTO journal")) return statement;
    const run = statement.run.bind(statement) as (...values: SQLInputValue[]) => ReturnType<typeof statement.run>;
    statement.run = ((...values: SQLInputValue[]) => {
      if (values.includes("applied") || values.includes("undone")) files.beforeDone();
      return run(...values);
    }) as typeof statement.run;
    return statement;
  };
}
