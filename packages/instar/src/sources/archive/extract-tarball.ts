import { constants } from "node:fs";
import { chmod, copyFile, type FileHandle, mkdir, open, readdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import type { ReadEntry } from "tar";
import { explainFileError } from "../../platform/durable-files.ts";
import { ARCHIVE_LIMITS, type ArchiveLimits } from "./archive-chunks.ts";
import { type ArchiveEntry, type ArchivePlan, describeEntry, planArchive } from "./plan-archive.ts";
import { readArchive } from "./read-archive.ts";

export interface TarballQuestion {
  /** A .tar, or one packed with gzip; whoever asks made sure that nobody else writes to it. */
  readonly tarball: string;
  /** A folder that is there, and empty. */
  readonly into: string;
  readonly limits?: Partial<ArchiveLimits> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Unpacks an archive that nobody vouches for. It is read twice: first every name is judged and every byte counted, and only then is anything written, so what
 * is refused leaves nothing. Where everything lies under one folder, that folder is left out. Modes become 644 and 755. Files come before links and must be
 * new, so that no write can pass through a link. Not synced: sealing a release does that. An error of the second reading leaves a part in `into`.
 *
 * @throws InstarError PACKAGE_REFUSED, CONFLICT (the folder is not empty), DISK_FULL, PLATFORM_FAILED; the signal's reason
 */
export async function extractTarball({ tarball, into, limits, signal }: TarballQuestion): Promise<void> {
  const within = { ...ARCHIVE_LIMITS, ...limits };
  if ((await readFolder(into)).length > 0) throw new InstarError("CONFLICT", `${into} is not empty`, { facts: { folder: into } });
  const entries = await listEntries(tarball, within, signal);
  const plan = planArchive(entries, within);
  if (plan.kind === "refused") throw new InstarError("PACKAGE_REFUSED", `the archive is not unpacked: ${plan.because}`);
  await writePlan(plan, { tarball, into, limits: within, signal });
}

const readFolder = (path: string) => readdir(path).catch((error: unknown) => refuse(error, `could not open ${path}`));

async function listEntries(tarball: string, limits: ArchiveLimits, signal: AbortSignal | undefined): Promise<ArchiveEntry[]> {
  const entries: ArchiveEntry[] = [];
  await readArchive({ tarball, limits, signal }, async (entry) => {
    entries.push(describeEntry(entry));
    await consume(entry, async () => {});
  });
  return entries;
}

async function writePlan(plan: ArchivePlan, { tarball, into, limits, signal }: TarballQuestion & { readonly limits: ArchiveLimits }): Promise<void> {
  try {
    for (const path of plan.folders) await makeFolder(join(into, path));
    let index = -1;
    await readArchive({ tarball, limits, signal }, async (entry) => {
      index += 1;
      const file = plan.files.get(index);
      if (file === undefined) return consume(entry, async () => {});
      if (file.named !== entry.path) throw new InstarError("PACKAGE_REFUSED", "the archive was changed while it was read", { facts: { tarball } });
      return writeFile(join(into, file.path), file.mode, entry);
    });
    for (const { from, path, mode } of plan.copies) {
      await copyFile(join(into, from), join(into, path), constants.COPYFILE_EXCL);
      await chmod(join(into, path), mode);
    }
    for (const { path, target } of plan.links) await symlink(target, join(into, path));
  } catch (error) {
    signal?.throwIfAborted();
    refuse(error, `could not unpack into ${into}`);
  }
}

/** Whatever the umask is: a release is read by the agent's user too. */
async function makeFolder(path: string): Promise<void> {
  await mkdir(path);
  await chmod(path, 0o755);
}

async function writeFile(path: string, mode: number, entry: ReadEntry): Promise<void> {
  const file = await open(path, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW, 0o600);
  try {
    await consume(entry, (chunk) => writeChunk(file, chunk));
    await file.chmod(mode);
  } finally {
    await file.close();
  }
}

async function writeChunk(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.byteLength; ) at += (await file.write(chunk, at)).bytesWritten;
}

/** One chunk after the other; the entry waits while one is taken. */
function consume(entry: ReadEntry, take: (chunk: Uint8Array) => Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    let taken = Promise.resolve();
    entry.on("error", reject);
    entry.on("data", (chunk) => {
      entry.pause();
      taken = take(chunk).then(() => entry.resume());
      taken.catch(reject);
    });
    entry.on("end", () => taken.then(resolve, reject));
  });
}

function refuse(error: unknown, sentence: string): never {
  throw explainFileError(error, sentence);
}
