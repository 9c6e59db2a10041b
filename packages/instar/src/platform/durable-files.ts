import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { chmod, lstat, mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { InstarError } from "@instar/protocol";

/**
 * Writes a file that is either whole or not there: temporary name, fsync, rename, fsync of the folder.
 * A crash leaves the old file, the new file, or the old file and a `.tmp-` beside it; never half of one.
 *
 * @throws InstarError DISK_FULL, PLATFORM_FAILED
 */
export async function writeFileDurably(path: string, data: string | Uint8Array, mode = 0o600): Promise<void> {
  await writeAndRename(path, data, mode);
  await syncFolder(dirname(path));
}

export interface DurableFile {
  readonly path: string;
  readonly bytes: string | Uint8Array;
}

/**
 * Several files, each whole or not there, in no order; each folder is synced once, after all of them. When it returns all are durable.
 *
 * @throws InstarError DISK_FULL, PLATFORM_FAILED; some may be there then
 */
export async function writeFilesDurably(files: readonly DurableFile[], mode = 0o600): Promise<void> {
  const settled = await Promise.allSettled(files.map(({ path, bytes }) => writeAndRename(path, bytes, mode)));
  for (const each of settled) if (each.status === "rejected") throw each.reason;
  await Promise.all([...new Set(files.map(({ path }) => dirname(path)))].map(syncFolder));
}

async function writeAndRename(path: string, data: string | Uint8Array, mode: number): Promise<void> {
  const temporary = join(dirname(path), `.tmp-${randomBytes(6).toString("hex")}`);
  try {
    const file = await open(temporary, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, mode);
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw explainFileError(error, `could not write ${path}`);
  }
}

/** Makes the entries of a folder durable: a rename is only safe after this. Windows has no such call and needs none. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(path, constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Renames and makes both folders' entries durable. */
export async function renameDurably(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    throw explainFileError(error, `could not rename ${from} to ${to}`);
  }
  await syncFolder(dirname(to));
  if (dirname(from) !== dirname(to)) await syncFolder(dirname(from));
}

/** Reads a JSON file, or gives undefined where there is none. Damaged JSON is DATA_DAMAGED, never undefined. */
export async function readJsonFile(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw explainFileError(error, `could not read ${path}`);
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InstarError("DATA_DAMAGED", `${path} is not JSON`, { cause, facts: { path } });
  }
}

/** Removes a tree whatever its modes are: sealed releases are read-only, and a read-only folder refuses to lose entries. */
export async function removeTree(path: string): Promise<void> {
  const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (found === undefined) return;
  if (found.isDirectory()) await unlockFolders(path);
  await rm(path, { recursive: true, force: true, maxRetries: 3 });
}

async function unlockFolders(path: string): Promise<void> {
  await chmod(path, 0o700);
  for (const entry of await readdir(path, { withFileTypes: true })) if (entry.isDirectory()) await unlockFolders(join(path, entry.name));
}

/** Creates a folder that only its owner can open. */
export async function makePrivateFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw explainFileError(error, `could not create ${path}`);
  }
}

/** A full disk stays apart from every other refusal of the operating system. */
export function explainFileError(error: unknown, sentence: string): InstarError {
  if (InstarError.is(error)) return error;
  const errno = (error as NodeJS.ErrnoException | undefined)?.code;
  if (errno === "ENOSPC" || errno === "EDQUOT")
    return new InstarError("DISK_FULL", sentence, { cause: error, advice: "Free some space; Instar goes on by itself.", transient: true });
  return new InstarError("PLATFORM_FAILED", sentence, { cause: error });
}
