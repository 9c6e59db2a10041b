import { chmodSync, mkdirSync, symlinkSync, unlinkSync } from "node:fs";
import { realpath } from "node:fs/promises";
import { InstarError } from "@instar/protocol";
import { locate, type RawPath, renderRaw } from "../store/raw-path.ts";
import { createTurns, type Turns } from "../store/take-turns.ts";
import { type FoundEntry, readEntry, walkTree } from "../store/walk-tree.ts";
import { type CloneMemory, copyFile } from "./copy-file.ts";
import { copyDatabase } from "./copy-live-database.ts";
import { beginsAsDatabase } from "./copy-live-databases.ts";
import { OWN_NAMES } from "./own-names.ts";

export interface LiveCopy {
  readonly files: number;
  readonly sizeBytes: number;
  /** SQLite databases, each one as it was at one moment. */
  readonly databases: number;
  /** Files that changed each time they were read: their copy may be of no one moment. Logs, mostly. */
  readonly unsettled: readonly string[];
  /** Sockets, pipes and devices, which are not copied. */
  readonly skipped: number;
}

/** What is written all the time is not waited for. */
const READS_OF_ONE_FILE = 5;

/**
 * Copies a state folder while the agent goes on writing, for a rehearsal: good to start a version on, and never a way back. SQLite
 * databases are copied whole, as of one moment; every other file is read again until it did not change meanwhile. Modes, links and holes
 * are kept; owners are not, since what is started on the copy runs as Instar's own user.
 *
 * @param to where nothing is yet
 * @throws InstarError BACKUP_FAILED (a database cannot be copied), DISK_FULL; the signal's reason
 */
export async function copyLiveState(from: string, to: string, signal?: AbortSignal): Promise<LiveCopy> {
  const root = await realpath(from);
  const turns = createTurns(signal);
  const entries = await walkTree(root, { signal, leaveOut: OWN_NAMES });
  const databases = new Set(
    entries.filter((entry) => entry.kind === "file" && entry.size >= 512 && beginsAsDatabase(locate(root, entry.path))).map(({ path }) => path),
  );
  const memory: CloneMemory = { canClone: true };
  const unsettled: string[] = [];
  let [files, sizeBytes] = [0, 0];
  mkdirSync(to, { recursive: true, mode: 0o700 });
  for (const entry of entries) {
    await turns.take();
    if (entry.path === "" || entry.kind === "special" || belongsToDatabase(entry.path, databases)) continue;
    const at = locate(to, entry.path);
    if (entry.kind === "folder") mkdirSync(at, { mode: 0o700 });
    else if (entry.kind === "link") symlinkSync(Buffer.from(entry.target ?? "", "latin1"), at);
    else {
      if (databases.has(entry.path)) await copyDatabase(renderRaw(locate(root, entry.path).toString("latin1")), renderRaw(at.toString("latin1")), { signal });
      else if (!(await copySettled(root, entry.path, at, turns, memory))) unsettled.push(renderRaw(entry.path));
      files += 1;
      sizeBytes += entry.size;
    }
  }
  giveModes(entries, to);
  return { files, sizeBytes, databases: databases.size, unsettled, skipped: entries.filter(({ kind }) => kind === "special").length };
}

/** What SQLite keeps beside a database is of its own moment: the copy of the database has it in it. */
function belongsToDatabase(path: RawPath, databases: ReadonlySet<RawPath>): boolean {
  const owner = /^(.*)-(?:wal|shm|journal)$/s.exec(path)?.[1];
  return owner !== undefined && databases.has(owner);
}

async function copySettled(root: string, path: RawPath, to: Buffer, turns: Turns, memory: CloneMemory): Promise<boolean> {
  for (let read = 1; read <= READS_OF_ONE_FILE; read += 1) {
    if (readEntry(root, path)?.kind !== "file") return true;
    const result = await copyFile(locate(root, path), to, turns, memory);
    if (result.kind === "vanished") {
      removeQuietly(to);
      return true;
    }
    if (result.isSettled) return true;
  }
  return false;
}

function removeQuietly(path: Buffer): void {
  try {
    unlinkSync(path);
  } catch {
    // It was never made.
  }
}

/** From the inside out: a read-only folder would refuse what belongs in it. */
function giveModes(entries: readonly FoundEntry[], to: string): void {
  for (const entry of entries.toReversed()) {
    if (entry.kind !== "file" && entry.kind !== "folder") continue;
    try {
      // Instar's own user must be able to start a version on it, and to remove it afterwards.
      chmodSync(locate(to, entry.path), entry.mode | (entry.kind === "folder" ? 0o700 : 0o600));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT")
        throw new InstarError("BACKUP_FAILED", `the copy of ${renderRaw(entry.path)} could not be finished`, { cause: error });
    }
  }
}
