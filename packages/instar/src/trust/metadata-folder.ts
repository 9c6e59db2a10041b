import { constants } from "node:fs";
import { lstat, mkdir, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { explainFileError, makePrivateFolder, removeTree, writeFileDurably } from "../platform/durable-files.ts";
import { sweepTemporary } from "../platform/sweep-temporary.ts";

/** The files of a client's metadata folder by their names, with `.json`. */
export type MetadataFiles = ReadonlyMap<string, Buffer>;

/** tuf-js works in here; what it leaves there is looked at before anything of it is kept. */
const STAGING = "staging";
/** Larger than any of them may be: who puts a disk image here is not read to its end. */
const LONGEST_BYTES = 16_777_216;

/**
 * What lies in a metadata folder. What is no plain file, or too large, is as good as missing: the folder is a cache, and the repository has it all.
 *
 * @throws InstarError PLATFORM_FAILED
 */
export async function readMetadataFiles(folder: string): Promise<MetadataFiles> {
  await makePrivateFolder(folder);
  await sweepTemporary(folder);
  const names = await readdir(folder).catch((error: unknown) => {
    throw explainFileError(error, `could not read ${folder}`);
  });
  const files = new Map<string, Buffer>();
  for (const name of names.filter((each) => each.endsWith(".json")).toSorted()) {
    const bytes = await readPlainFile(join(folder, name));
    if (bytes !== undefined) files.set(name, bytes);
  }
  return files;
}

/** Gives `act` a folder with these files that nobody else uses, and clears it away after. A crash leaves it, and the next call clears it. */
export async function withStaging<T>(folder: string, files: MetadataFiles, act: (staging: string) => Promise<T>): Promise<T> {
  const staging = join(folder, STAGING);
  await removeTree(staging);
  try {
    await mkdir(staging, { mode: 0o700 });
    for (const [name, bytes] of files) await writeFileDurably(join(staging, name), bytes);
    return await act(staging);
  } catch (error) {
    throw (error as NodeJS.ErrnoException).syscall === undefined ? error : explainFileError(error, `could not work in ${staging}`);
  } finally {
    await removeTree(staging).catch(() => undefined);
  }
}

/** How one file is kept: whole and durable. Tests put a failing one here. */
export type KeepFile = (path: string, bytes: Uint8Array) => Promise<void>;

/**
 * Puts new files in the place of old ones, each whole or not at all, the root first. A crash leaves some new and some old, and every such mix is a client's that
 * was only asked less often: it goes on from there.
 *
 * @throws InstarError DISK_FULL, PLATFORM_FAILED
 */
export async function keepMetadataFiles(folder: string, before: MetadataFiles, after: MetadataFiles, keep: KeepFile = writeFileDurably): Promise<void> {
  const names = [...after.keys()].toSorted((one, other) => rankOf(one) - rankOf(other));
  for (const name of names) {
    const bytes = after.get(name);
    if (bytes !== undefined && before.get(name)?.equals(bytes) !== true) await keep(join(folder, name), bytes);
  }
}

/** A root that is older than what it signed is repaired by asking; the other way round as well, but then rollback protection rests on the floors alone. */
const rankOf = (name: string) => (name === "root.json" ? 0 : name === "timestamp.json" ? 1 : 2);

async function readPlainFile(path: string): Promise<Buffer | undefined> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined || !found.isFile() || found.size > LONGEST_BYTES) return undefined;
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    return await file.readFile();
  } catch (error) {
    throw explainFileError(error, `could not read ${path}`);
  } finally {
    await file.close();
  }
}
