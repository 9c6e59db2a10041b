import { isUtf8 } from "node:buffer";
import { constants } from "node:fs";
import { lstat, open, readlink } from "node:fs/promises";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import type { GitMirror } from "../git-mirror.ts";
import { cannotRead, classifyFileError, type FolderEntry, stampOf } from "./read-folder.ts";

export type WrittenBlobs = { readonly kind: "written"; readonly objects: ReadonlyMap<string, string> } | { readonly kind: "moving"; readonly path: string };

/**
 * Takes files and links into the mirror, byte for byte, and gives the object of each by its path. We read and git is given bytes: a git that opens
 * paths itself would read through a link that was put there since, and sync ten thousand objects one by one where this makes one pack.
 * `moving` where a file is no longer what the entry says.
 *
 * @throws InstarError DETECTION_FAILED (unreadable files, by name), PACKAGE_REFUSED (a link's target is not UTF-8), DISK_FULL, PLATFORM_FAILED
 */
export async function writeBlobs(mirror: GitMirror, folder: string, entries: readonly FolderEntry[], signal?: AbortSignal): Promise<WrittenBlobs> {
  const objects = new Map<string, string>();
  const unreadable: string[] = [];
  for (const batch of planBatches(entries)) {
    const contents: { readonly path: string; readonly bytes: Buffer }[] = [];
    for (let first = 0; first < batch.length; first += AT_ONCE) {
      signal?.throwIfAborted();
      const some = batch.slice(first, first + AT_ONCE);
      for (const [index, bytes] of (await Promise.all(some.map((entry) => readEntry(folder, entry)))).entries()) {
        const path = some[index]?.path ?? "";
        if (bytes === "gone") return { kind: "moving", path };
        if (bytes === "unreadable") unreadable.push(path);
        else contents.push({ path, bytes });
      }
    }
    if (unreadable.length > 0) continue; // nothing will come of it; the rest is only asked whether it can be read
    const names = await writeBatch(mirror, contents, signal);
    for (const [index, { path }] of contents.entries()) objects.set(path, names[index] ?? "");
  }
  if (unreadable.length > 0) throw cannotRead(unreadable);
  return { kind: "written", objects };
}

const AT_ONCE = 32;
/** What is held in memory at a time, unless one file alone is larger. */
const BATCH_BYTES = 32 * 1_048_576;
const BATCH_FILES = 10_000;

function planBatches(entries: readonly FolderEntry[]): FolderEntry[][] {
  const batches: FolderEntry[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const entry of entries) {
    bytes += entry.sizeBytes;
    const last = batches.at(-1);
    if (last !== undefined && bytes <= BATCH_BYTES && last.length < BATCH_FILES) last.push(entry);
    else {
      batches.push([entry]);
      bytes = entry.sizeBytes;
    }
  }
  return batches;
}

async function readEntry(folder: string, entry: FolderEntry): Promise<Buffer | "gone" | "unreadable"> {
  try {
    return entry.mode === "120000" ? await readTarget(join(folder, entry.path), entry) : await readBytes(join(folder, entry.path), entry);
  } catch (error) {
    const kind = classifyFileError(error);
    if (kind === "other") throw error;
    return kind;
  }
}

async function readTarget(path: string, entry: FolderEntry): Promise<Buffer | "gone"> {
  const target = await readlink(path, { encoding: "buffer" }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "EINVAL") return undefined; // no link any more
    throw error;
  });
  if (target === undefined || stampOf(await lstat(path, { bigint: true })) !== entry.stamp) return "gone";
  if (!isUtf8(target)) throw new InstarError("PACKAGE_REFUSED", `the target of the link ${JSON.stringify(entry.path)} is not UTF-8`);
  return target;
}

/** The stamp is asked of what was opened, when all is read: it holds the inode, so bytes from anywhere else are not taken for this file's. */
async function readBytes(path: string, entry: FolderEntry): Promise<Buffer | "gone"> {
  const file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  try {
    const buffer = Buffer.allocUnsafe(entry.sizeBytes);
    let size = 0;
    for (let read = -1; read !== 0 && size < buffer.length; size += read) read = (await file.read(buffer, size, buffer.length - size, null)).bytesRead;
    return size === entry.sizeBytes && stampOf(await file.stat({ bigint: true })) === entry.stamp ? buffer : "gone";
  } finally {
    await file.close();
  }
}

async function writeBatch(mirror: GitMirror, contents: readonly { readonly bytes: Buffer }[], signal?: AbortSignal): Promise<string[]> {
  if (contents.length === 0) return [];
  const said = contents.flatMap(({ bytes }, index) => [
    Buffer.from(`blob\nmark :${index + 1}\ndata ${bytes.length}\n`),
    bytes,
    Buffer.from(`\nget-mark :${index + 1}\n`),
  ]);
  const stdin = Buffer.concat([...said, Buffer.from("done\n")]);
  const { stdout } = await mirror.run(["fast-import", "--quiet", "--done"], { stdin, timeoutMs: 3_600_000, signal });
  const names = stdout.toString("latin1").trim().split("\n");
  if (names.length === contents.length && names.every((name) => /^[0-9a-f]{40}$/.test(name))) return names;
  throw new InstarError("PLATFORM_FAILED", `git took ${names.length} of ${contents.length} files`);
}
