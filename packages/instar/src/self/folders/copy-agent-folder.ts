import { constants } from "node:fs";
import { type FileHandle, mkdir, open, readlink, symlink } from "node:fs/promises";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import { explainRefusal, quotePath } from "./explain-refusal.ts";
import type { FolderQuotaLimits } from "./folder-quota.ts";
import type { FolderRoom } from "./folder-room.ts";
import { type EntryName, type HeldFolder, holdInner, holdTop } from "./hold-folder.ts";
import { modeOf, withFileOf } from "./read-agent-file.ts";
import { walkFolder } from "./walk-folder.ts";

export interface CopyQuestion {
  /** Absolute, private, there, and empty. */
  readonly into: string;
  /** What is left out, with everything below it. */
  readonly isIgnored: (path: string, kind: "file" | "folder") => boolean;
  /** Of all that is copied; and of one file. */
  readonly limits: FolderQuotaLimits & { readonly fileBytes: number };
  readonly signal?: AbortSignal | undefined;
}

interface Copied {
  files: number;
  bytes: number;
}

const CHUNK_BYTES = 65_536;
/** Of one folder: enough to keep the disk busy, and a few MiB of memory. */
const AT_ONCE = 32;
const NEW_FILE = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | (constants.O_NOFOLLOW ?? 0);

/**
 * Copies files and links to where the agent cannot write: from there they may be read by their paths. Pipes, sockets and devices are left out, and so are folders
 * without a file. Each file is of one moment, all of them are not: whoever wants that copies again.
 *
 * @throws InstarError FORBIDDEN (a file that is not read, or a folder that could not be looked into), PACKAGE_REFUSED (a name or a link that is not UTF-8),
 *   DISK_FULL, CONFLICT, PLATFORM_FAILED; the signal's reason
 */
export async function copyAgentFolder(room: FolderRoom, question: CopyQuestion): Promise<void> {
  const top = await holdTop(room);
  try {
    await copyFolder(room, top, question, { files: 0, bytes: 0 });
  } finally {
    await top.close();
  }
}

async function copyFolder(room: FolderRoom, folder: HeldFolder, question: CopyQuestion, copied: Copied): Promise<void> {
  const { into, isIgnored, limits, signal } = question;
  const files: (() => Promise<void>)[] = [];
  for await (const walked of walkFolder(room, folder, { isRecursive: false, entersGit: false, mostNames: limits.files + 1, signal })) {
    if (walked.kind === "gap") throw new InstarError("FORBIDDEN", `${quotePath(walked.path)} holds too much, or changed while it was read`);
    const { path, name, found } = walked;
    const isFolder = found.isDirectory();
    if (isIgnored(path, isFolder ? "folder" : "file") || !(isFolder || found.isFile() || found.isSymbolicLink())) continue;
    if (typeof name !== "string") throw new InstarError("PACKAGE_REFUSED", `${quotePath(path)} has a name that is not UTF-8`, { advice: "Rename it." });
    const to = join(into, path);
    if (isFolder) {
      const inner = await holdInner(room, folder, name);
      await mkdir(to, { mode: 0o700 });
      await copyFolder(room, inner, question, copied).finally(() => inner.close());
    } else {
      copied.files += 1;
      if (copied.files > limits.files) throw new InstarError("DISK_FULL", `the folder holds more than ${limits.files} files`);
      files.push(() => (found.isSymbolicLink() ? copyLink(folder, name, to, path) : copyFile(room, folder, name, { to, path, limits, copied })));
      if (files.length === AT_ONCE) await doAll(files.splice(0));
    }
  }
  await doAll(files);
}

/** All have ended when it returns, also where one failed: the folder that they work in is closed then. */
async function doAll(work: readonly (() => Promise<void>)[]): Promise<void> {
  for (const done of await Promise.allSettled(work.map((each) => each()))) if (done.status === "rejected") throw done.reason;
}

async function copyLink(folder: HeldFolder, name: EntryName, to: string, path: string): Promise<void> {
  try {
    await folder.assertSame();
    await symlink(await readlink(folder.at(name), { encoding: "buffer" }), to);
  } catch (error) {
    throw explainRefusal(error, path, "read");
  }
}

async function copyFile(
  room: FolderRoom,
  folder: HeldFolder,
  name: EntryName,
  what: { readonly to: string; readonly path: string; readonly limits: CopyQuestion["limits"]; readonly copied: Copied },
): Promise<void> {
  const { to, path, limits, copied } = what;
  let sizeBytes = 0;
  const count = (bytes: number): void => {
    sizeBytes += bytes;
    copied.bytes += bytes;
    if (sizeBytes > limits.fileBytes) throw new InstarError("FORBIDDEN", `${quotePath(path)} is larger than ${limits.fileBytes} bytes`);
    if (copied.bytes > limits.bytes) throw new InstarError("DISK_FULL", `the folder holds more than ${limits.bytes} bytes`);
  };
  await withFileOf(room, folder, name, async ({ handle, found }) => {
    const file = await open(to, NEW_FILE, modeOf(found.mode) === "755" ? 0o755 : 0o644);
    try {
      await copyBytes(handle, file, count);
    } finally {
      await file.close();
    }
  });
}

/** Counted before they are written: a file that grows meanwhile is not run after. */
async function copyBytes(from: FileHandle, to: FileHandle, count: (bytes: number) => void): Promise<void> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let at = 0; ; ) {
    const { bytesRead } = await from.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) return;
    count(bytesRead);
    await to.writeFile(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
}
