import { constants } from "node:fs";
import { chmod, copyFile, link, lstat, rename, rm, utimes } from "node:fs/promises";
import { join } from "node:path";
import { hashFile } from "./hash-file.ts";
import { type ManifestEntry, sealedMode } from "./manifest.ts";
import type { FoundEntry } from "./walk-tree.ts";

export interface Sharing {
  /** The tree that is being sealed, and a folder beside it on the same file system for what is half made. */
  readonly tree: string;
  readonly scratch: string;
  readonly previous: { readonly tree: string; readonly entries: ReadonlyMap<string, ManifestEntry> } | undefined;
  /** Never hard links where the slot can write: one inode in two releases would let it change the one it can go back to. */
  readonly slotCanWrite: boolean;
  /** Set to false once the file system has refused a reflink: it would refuse each of the others. */
  canReflink: boolean;
}

/** A file of one block costs as much as the look at it saves. */
const WORTH_SHARING_BYTES = 4_096;

/**
 * Makes a file's bytes the release's own: shared with the previous release where that holds the same (by reflink; by hard link
 * only where the slot cannot write), and never an inode that something outside of Instar also names, such as a package
 * manager's store. Replacing is by rename: a crash leaves the old file or the new one, with the same bytes.
 */
export async function ownFile(file: FoundEntry, sha256: string, sharing: Sharing): Promise<void> {
  const scratch = join(sharing.scratch, String(file.inode));
  try {
    if (await shareFile(file, sha256, sharing, scratch)) return;
    if (file.names === 1) return;
    await copyFile(file.at, scratch, constants.COPYFILE_FICLONE);
    await putInPlace(scratch, file);
  } finally {
    await rm(scratch, { force: true });
  }
}

async function shareFile(file: FoundEntry, sha256: string, sharing: Sharing, scratch: string): Promise<boolean> {
  const { previous, slotCanWrite } = sharing;
  const older = previous?.entries.get(file.path);
  if (previous === undefined || older?.sha256 !== sha256 || older.isShared || file.sizeBytes <= WORTH_SHARING_BYTES) return false;
  const from = join(previous.tree, file.path);
  const found = await lstat(from, { bigint: true }).catch(() => undefined);
  if (found === undefined || !found.isFile()) return false;
  if (found.ino === file.inode) return true; // shared before a crash
  const hasSealedMode = (Number(found.mode) & 0o777) === sealedMode(file.mode);
  const isReflink = sharing.canReflink && (await triesTo(copyFile(from, scratch, constants.COPYFILE_FICLONE_FORCE)));
  if (!isReflink) {
    sharing.canReflink = false;
    await rm(scratch, { force: true });
    if (slotCanWrite || !hasSealedMode || !(await triesTo(link(from, scratch)))) return false;
  }
  // The manifest says what the previous file was when it was sealed. Only its bytes say what it is now.
  if ((await hashFile(scratch)) !== sha256) return false;
  if (isReflink) await putInPlace(scratch, file);
  else await rename(scratch, file.at);
  return true;
}

async function putInPlace(scratch: string, file: FoundEntry): Promise<void> {
  await chmod(scratch, file.mode);
  const seconds = Number(file.mtimeNs) / 1e9;
  await utimes(scratch, seconds, seconds); // what is compiled remembers its source's time
  await rename(scratch, file.at);
}

/** Refused by the file system (no reflinks, too many names, another device) is an answer; a full disk is not. */
async function triesTo(work: Promise<void>): Promise<boolean> {
  return work.then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (["ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EXDEV", "EINVAL", "EMLINK", "EPERM", "ENOTTY"].includes(error.code ?? "")) return false;
      throw error;
    },
  );
}
