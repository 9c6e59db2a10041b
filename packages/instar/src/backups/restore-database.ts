import { chmod, copyFile, cp, lstat, mkdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { InstarError } from "@instar/protocol";
import { makePrivateFolder, renameDurably, syncFolder } from "../platform/durable-files.ts";
import { syncTree } from "../platform/sync-tree.ts";
import type { DatabaseSettings } from "../settings/backup-settings.ts";
import { type DatabaseRoom, dumpNameOf, lastWords, outcomeOf, ownTool, runTool, sqlitePathOf, urlOf } from "./database-room.ts";
import { planRestore } from "./plan-postgres-tool.ts";

/**
 * Puts a dump in the place of a database's contents; the agent must be quiet. Again and again, if you like: what ended half-way is put back by the server
 * (one transaction), and a SQLite file changes its name only when it is whole.
 *
 * @param asideFolder where a SQLite file of today is kept; a server's database is in today's own dump
 * @throws InstarError ROLLBACK_FAILED, with what state the database is in
 */
export async function restoreDatabase(database: DatabaseSettings, from: string, asideFolder: string, room: DatabaseRoom): Promise<void> {
  const file = join(from, dumpNameOf(database));
  if (database.kind === "sqlite") return restoreSqlite(file, sqlitePathOf(database.path, room), join(asideFolder, database.name));
  const isOwn = database.restore !== undefined;
  const tool = database.restore === undefined ? planRestore(urlOf(database, room), file, database.name) : ownTool(database.restore, file, database, room);
  const result = await runTool(tool, room, `restoring ${database.name}`);
  const outcome = outcomeOf(result);
  if (outcome === "done") return;
  throw new InstarError("ROLLBACK_FAILED", `the database ${database.name} was not restored: ${outcome}`, {
    cause: new Error(lastWords(result.tail)),
    facts: { database: database.name, log: room.logPath },
    advice: isOwn
      ? "What backup.databases names as its `restore` ended half-way: only that program knows what the database holds now. Restoring again is safe where that program is."
      : "It holds what it held before: pg_restore works in one transaction. Mend the cause, and restore again.",
    transient: true,
  });
}

/** What SQLite keeps beside a database. Left beside another one it would be read into that. */
const SIDES = ["-wal", "-shm", "-journal"] as const;

/**
 * Killed while the new one is written: the old one is untouched. After the first rename: the old one is aside, partly or whole, and the next call goes on
 * there; nobody opens it meanwhile, since the agent is held until this is done.
 */
async function restoreSqlite(file: string, path: string, aside: string): Promise<void> {
  const fresh = join(dirname(path), `.instar-restore-${basename(path)}`);
  await makePrivateFolder(aside);
  await mkdir(dirname(path), { recursive: true });
  const owner = await stat(path).catch(() => undefined);
  for (const side of ["", ...SIDES]) await rm(fresh + side, { force: true });
  // It passed SQLite's check when it was made, or is what was damaged before: either way the very bytes.
  await copyFile(file, fresh);
  if (owner !== undefined) await chmod(fresh, owner.mode & 0o7777);
  await syncTree(fresh);
  for (const side of [...SIDES, ""]) {
    const kept = join(aside, basename(path) + side);
    if ((await isThere(path + side)) && !(await isThere(kept))) await moveAside(path + side, kept);
  }
  for (const side of SIDES) await rm(path + side, { force: true });
  if (await isThere(`${file}-wal`)) await copyFile(`${file}-wal`, `${path}-wal`);
  await renameDurably(fresh, path);
}

async function moveAside(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EXDEV") throw error;
    await cp(from, `${to}.part`, { preserveTimestamps: true });
    await rename(`${to}.part`, to);
    await rm(from);
  }
  await syncFolder(dirname(to));
}

const isThere = (path: string) =>
  lstat(path).then(
    () => true,
    () => false,
  );
