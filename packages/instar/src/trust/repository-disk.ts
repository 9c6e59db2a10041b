import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { explainFileError, makePrivateFolder, writeFileDurably } from "../platform/durable-files.ts";
import { withLock } from "./with-lock.ts";

/** One file that clients will see, relative to the repository's folder. */
export interface RepositoryWrite {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** How a file is written: whole and durable, or not at all. Tests put a failing one here. */
export type WriteFile = (path: string, bytes: Uint8Array) => Promise<void>;

/** Readable by whoever serves the files: everything here is public and signed. */
export const writePublicly: WriteFile = async (path, bytes) => {
  await makePrivateFolder(dirname(path));
  await writeFileDurably(path, bytes, 0o644);
};

/**
 * `metadata` and `targets` are what a web server shows; `private` holds drafts, the lock and what is being packed.
 */
export const placesIn = (folder: string) => ({
  metadata: join(folder, "metadata"),
  targets: join(folder, "targets"),
  private: join(folder, "private"),
  drafts: join(folder, "private", "drafts"),
});

/** In the order given: what a client sees first must come last. A crash in between leaves files that nothing refers to. */
export async function writeInOrder(folder: string, writes: readonly RepositoryWrite[], write: WriteFile): Promise<void> {
  for (const { path, bytes } of writes) await write(join(folder, path), bytes);
}

/** One writer at a time: two would give one version number to two files. @throws InstarError CONFLICT, DISK_FULL, PLATFORM_FAILED, and what `act` throws */
export async function withRepositoryLock<T>(folder: string, act: () => Promise<T>): Promise<T> {
  await makePrivateFolder(placesIn(folder).private);
  return withLock(join(placesIn(folder).private, "lock"), `another command is changing the repository ${folder}`, act);
}

/** Names of a folder; none where it is not there. @throws InstarError PLATFORM_FAILED */
export async function listNames(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw explainFileError(error, `could not read ${folder}`);
  });
}

/** Undefined where there is no such file. @throws InstarError PLATFORM_FAILED */
export async function readBytes(path: string): Promise<Buffer | undefined> {
  return readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw explainFileError(error, `could not read ${path}`);
  });
}
